import type pg from 'pg'
import type { EventWriter } from 'sankofa/events'
import type { Tunable } from 'sankofa/flags'
import type { App } from './app.ts'
import type { FlagName } from './flag-names.ts'
import type { SubjectOf } from './identity/subject.ts'

/** What the market takes from Sankofa. A proof runs the same market with a stand-in that turns flags on by hand. */
export type Toolkit = {
  isOn(flag: FlagName, who: { readonly subject: string | undefined }): boolean
  value<T>(tunable: Tunable<T>): T
  readonly events: EventWriter
  observePool(pool: pg.Pool): pg.Pool
  /** Measures every request of `app`. */
  measure(app: App, subjectOf: SubjectOf): Promise<void>
}
