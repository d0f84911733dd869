import { SankofaError } from '../../core/index.ts'
import type { StepClient } from '../migration.ts'
import type { Unit } from '../sql/units.ts'
import type { Row } from './row.ts'
import type { Direction, Run } from './run.ts'
import { settingsBefore } from './settings-before.ts'
import { applyRemedy, type Found, lookAfter } from './world.ts'

/** What became of the statement that was announced and not recorded. Changes nothing. */
export async function lookAtDoubt(client: StepClient, row: Row, units: readonly Unit[]): Promise<Found> {
  const statement = units[row.unit]?.statements[0]
  if (statement === undefined) {
    return { was: 'unknown', remedy: [], words: 'its module runs without a transaction: parts of it may be done' }
  }
  return lookAfter(client, statement, row.seen)
}

/**
 * Where to begin again: looks at what a killed statement left, and clears that away.
 *
 * @returns the first unit that is not done
 * @throws SankofaError `MIGRATION_IN_DOUBT` when the database does not tell, and the caller did not say either
 */
export async function firstUnitOf(
  run: Run,
  row: Row,
  units: readonly Unit[],
  given: { readonly direction: Direction; readonly inDoubt: 'done' | 'again' | undefined },
): Promise<number> {
  if (!row.running) return row.unit
  const { client, baseline } = run.session
  await client.query(baseline.join(';'))
  for (const sql of settingsBefore(units, row.unit)) await client.query(sql)
  const found = await lookAtDoubt(client, row, units)
  await applyRemedy(client, found.remedy)
  if (found.was !== 'unknown') return found.was === 'done' ? row.unit + 1 : row.unit
  if (given.inDoubt !== undefined) return given.inDoubt === 'done' ? row.unit + 1 : row.unit
  throw new SankofaError('MIGRATION_IN_DOUBT', {
    migration: row.id,
    statement: units[row.unit]?.statements[0]?.sql ?? 'its module',
    command: `sankofa migrate ${given.direction === 'up' ? 'up' : 'back'} ${row.group}`,
  })
}
