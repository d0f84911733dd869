import type { History, Migration, MigrationSet, Step } from '../migration.ts'
import { readStatements } from '../sql/statement.ts'
import { toUnits, type Unit } from '../sql/units.ts'
import type { MigratorOptions } from './migrator.ts'
import type { Session } from './session.ts'

/** What every step of one run of the migrator needs. */
export type Run = {
  readonly session: Session
  readonly options: MigratorOptions & {
    readonly lockTimeoutMs: number
    readonly tries: number
    readonly giveUpAfterMs: number
  }
  readonly set?: MigrationSet | undefined
  readonly history?: History | undefined
}

export type Direction = 'up' | 'undo'

/** The parts in which a step runs; an empty one has one part, for its bookkeeping. */
export function unitsOf(step: Step): Promise<readonly Unit[]> {
  const known = ahead.get(step)
  // Taken once: syntax trees are large.
  ahead.delete(step)
  return known ?? readUnits(step)
}

/** Reads a step while PostgreSQL is busy with the one before it. What is wrong with it is said when its turn comes. */
export function readAhead(step: Step): void {
  const units = readUnits(step)
  units.catch(() => {})
  ahead.set(step, units)
}
const ahead = new WeakMap<Step, Promise<readonly Unit[]>>()

async function readUnits(step: Step): Promise<readonly Unit[]> {
  if (step.kind === 'code') return [{ transaction: step.transaction, statements: [] }]
  const units = toUnits(await readStatements(step.sql, step.file), step.transaction)
  return units.length === 0 ? [{ transaction: true, statements: [] }] : units
}

export const isOneTransaction = (units: readonly Unit[]): boolean =>
  units.length === 1 && units[0]?.transaction === true

/** The tool's own history, in the transaction of whoever calls. */
export async function tellHistory(
  { history, session }: Run,
  direction: Direction,
  migration: Migration,
): Promise<void> {
  if (direction === 'up') await history?.add(session.client, migration)
  else await history?.remove(session.client, migration)
}
