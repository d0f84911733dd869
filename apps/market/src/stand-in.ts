import { createEventWriter } from 'sankofa/events'
import { createSubjectKey } from 'sankofa/flags'
import type { FlagName } from './flag-names.ts'
import type { Toolkit } from './toolkit.ts'

/** The market without measurement, its flags turned by hand: what a proof runs. Events are written as always. */
export function standIn(isOn: (flag: FlagName, subject: string | undefined) => boolean): Toolkit {
  return {
    isOn: (flag, { subject }) => isOn(flag, subject),
    value: (tunable) => tunable.initial,
    events: createEventWriter({
      subjectKey: createSubjectKey('of a stand-in'),
      release: 'stand-in',
      context: () => undefined,
    }),
    observePool: (pool) => pool,
    measure: async () => {},
  }
}
