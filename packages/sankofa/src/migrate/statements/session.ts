import type pg from 'pg'
import type { RecordedStatement } from '../../observe/index.ts'
import type { Candidate } from './attempts.ts'
import { readUses, type StatementUses } from './parameter-uses.ts'
import type { ParameterType } from './prepared.ts'
import { findAmong, type Relation } from './relations.ts'
import { executeSql, type Outcome, type Try, withoutRow } from './run-attempt.ts'
import type { WrittenRules } from './written-rules.ts'

/** One check of many statements on one schema. */
export type Session = {
  readonly client: pg.ClientBase
  /** SQL that takes the role on. */
  readonly become: string
  /** As they are now. */
  readonly relations: readonly Relation[]
  readonly untilMs: number
}

/** A statement that was given to `prepare`. */
export type Tried = {
  readonly recorded: RecordedStatement
  readonly name: string
  readonly prepared: Outcome
  readonly types: readonly ParameterType[]
  readonly tables: readonly string[]
  /** Absent where it could not be prepared. */
  readonly written?: WrittenRules
}

export const isLate = (session: Session): boolean => performance.now() > session.untilMs

export const toTry = (session: Session, name: string, candidate: Candidate): Try => ({
  before: withoutRow(candidate.instead, session.relations),
  sql: executeSql(name, candidate),
})

/** `undefined` for a statement without tables: running it would show nothing that preparing it did not. */
export function usesOf(session: Session, recorded: RecordedStatement): StatementUses | undefined {
  const uses = readUses(recorded.text, findAmong(session.relations))
  return uses === undefined || uses.relations.length === 0 ? undefined : uses
}
