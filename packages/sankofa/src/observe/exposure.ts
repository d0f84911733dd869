import type { ChangeId } from '../core/index.ts'
import type { Guard } from '../judge/index.ts'

/** How one subject stands to one change that is going out now; subjects who are not randomised have none. */
export type Exposure = {
  readonly change: ChangeId
  readonly goId: bigint
  readonly stage: number
  readonly exposed: boolean
  /** Newly drawn in this stage, or control: takes part in the stage's own comparison. */
  readonly fresh: boolean
  /** Keyed hash of whom it was drawn for, where that is not the subject of the request: a gateway knows no accounts. */
  readonly subject?: string
}

/** What is measured for one go: its guards, and the share of subjects that is kept. */
export type Watch = { readonly guards: readonly Guard[]; readonly sampleRate: number }

/** Facts about a subject that attribute rules may ask for; they stay in the process. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
