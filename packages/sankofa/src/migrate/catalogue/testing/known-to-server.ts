import { inject } from '#harness'
import type { Case } from './compare-case.ts'

/** What a case says that only servers from this version on understand. */
const since: readonly (readonly [text: string, version: number])[] = [
  ['alter b set expression', 17],
  ['provider = builtin', 17],
  ['constraint a not null', 18],
  ['not null id not valid', 18],
  ['not enforced', 18],
]

/** The cases that the server of this run can tell; all of them on the embedded one. */
export const knownToServer = (cases: readonly Case[]): readonly Case[] =>
  cases.filter(
    ([given, then]) =>
      !since.some(
        ([text, version]) => inject('postgresVersion') < version && (given.includes(text) || then.includes(text)),
      ),
  )
