import { SankofaError } from '../../core/index.ts'
import type { Migration, Step } from '../migration.ts'
import type { Unit } from '../sql/units.ts'
import { type Piece, runAtOnce } from './at-once.ts'
import { firstUnitOf, lookAtDoubt } from './doubt.ts'
import { needsCommits } from './failure.ts'
import type { Ran, RunOptions } from './migrator.ts'
import { runInOneTransaction } from './one-transaction.ts'
import type { Row } from './row.ts'
import { isOneTransaction, type Run, tellHistory, unitsOf } from './run.ts'
import { runStepwise } from './stepwise.ts'
import { tolerant } from './tolerant.ts'
import { migrationOf, undoStepOf } from './undo-step.ts'
import type { Entry, GroupView } from './view.ts'
import { applyRemedy } from './world.ts'
import { beginUndo, calmRow, deleteBackfill, deleteRow, progressRow } from './write-row.ts'

/** A migration that is to go, with everything that takes it back. */
export type Going = {
  readonly row: Row
  readonly migration: Migration
  readonly step: Step
  readonly units: readonly Unit[]
  /** Nothing of it was done yet: only its row has to go. */
  readonly unbegun: boolean
  /** Only a part of it was done. */
  readonly partial: boolean
}

/**
 * Looks whether a group can be taken back, before anything is touched.
 *
 * @throws SankofaError `MIGRATION_NO_UNDO`, `MIGRATION_TOOL_ABSENT`, `MIGRATION_UNREADABLE`
 */
export async function planBack(run: Run, view: GroupView): Promise<readonly Going[]> {
  const entries = view.entries.flatMap((entry) => (entry.row === undefined ? [] : [{ ...entry, row: entry.row }]))
  const newestFirst = entries.toSorted((a, b) => Number(BigInt(b.row.position) - BigInt(a.row.position)))
  const going: Going[] = []
  for (const entry of newestFirst) going.push(await planOne(run, entry))
  return going
}

async function planOne(run: Run, { row, migration: known }: Entry & { readonly row: Row }): Promise<Going> {
  const { set, history } = run
  if (
    row.tool !== 'sankofa' &&
    row.tool !== 'loader' &&
    (set === undefined || (history === undefined && set.tool !== row.tool))
  ) {
    throw new SankofaError('MIGRATION_TOOL_ABSENT', { migration: row.id, tool: row.tool })
  }
  const migration = await migrationOf(run, row, known)
  const unbegun = row.state === 'applying' && row.unit === 0 && !row.running
  const step: Step = unbegun ? { kind: 'sql', sql: '', transaction: 'auto' } : await undoStepOf(run, row, known)
  const partial = row.state === 'undoing' ? row.partial : row.state === 'applying' && row.unit < row.units
  return { row, migration, step, units: await unitsOf(step), unbegun, partial }
}

/** Takes a planned group back, newest first: as one transaction where PostgreSQL allows it, else one after the other. */
export async function backGroup(run: Run, going: readonly Going[], options: RunOptions): Promise<readonly Ran[]> {
  if (going.every((each) => fitsOneTransaction(run, each, going.length))) {
    const done = await allAtOnce(run, going).catch((error: unknown) => {
      if (going.length === 1 || !needsCommits(error)) throw error
    })
    if (done !== undefined) return done
  }
  await announceAll(run, going)
  const ran: Ran[] = []
  for (const each of going) ran.push(await backOne(run, each, options))
  return ran
}

const fitsOneTransaction = (run: Run, { row, step, units }: Going, together: number): boolean =>
  (run.options.stash === undefined || together > 1) &&
  row.state === 'applied' &&
  step.kind === 'sql' &&
  isOneTransaction(units)

async function allAtOnce(run: Run, going: readonly Going[]): Promise<readonly Ran[]> {
  const began = performance.now()
  const pieces = going.map(
    ({ row, migration, step, units }): Piece => ({
      migration,
      direction: 'undo',
      step,
      opposite: migration.up,
      statements: units[0]?.statements ?? [],
      books: booksOf(row),
      tellsHistory: true,
    }),
  )
  await (run.options.stash === undefined ? runAtOnce(run, pieces) : runInOneTransaction(run, pieces))
  const tookMs = (performance.now() - began) / going.length
  return going.map(({ row }) => ({ id: row.id, tookMs }))
}

const booksOf = (row: Row): readonly string[] => [...(row.backfills ? [deleteBackfill(row.id)] : []), deleteRow(row.id)]

/** From here on the group is being taken back, whatever happens: one kill must not leave it looking half applied. */
async function announceAll(run: Run, going: readonly Going[]): Promise<void> {
  const { client } = run.session
  for (const { row, partial } of going) {
    // What a killed statement of up has left is cleared away while the row still says where that was.
    if (row.state === 'applying' && row.running && partial) await clearUp(run, row, going)
  }
  const sql = going.flatMap(({ row, units, partial, unbegun }) => {
    // One transaction, which either goes back or leaves everything: there is no half way to be told of.
    if (row.state === 'undoing' || (going.length === 1 && row.state === 'applied' && isOneTransaction(units))) return []
    return unbegun ? booksOf(row) : [beginUndo(row.id, units.length, partial)]
  })
  if (sql.length > 0) await client.query(['begin', ...sql, 'commit'].join('\n;\n'))
}

async function clearUp(run: Run, row: Row, going: readonly Going[]): Promise<void> {
  const up = going.find((each) => each.row === row)?.migration.up
  if (up === undefined) return
  const { client } = run.session
  const { remedy } = await lookAtDoubt(client, row, await unitsOf(up))
  await applyRemedy(client, remedy)
}

async function backOne(run: Run, going: Going, options: RunOptions): Promise<Ran> {
  const { row, migration, step, units, partial } = going
  if (going.unbegun) return { id: row.id, tookMs: 0 }
  const { client } = run.session
  const began = performance.now()
  const firstUnit = row.state === 'undoing' ? await whereToGoOn(run, going, options) : 0
  const finish = booksOf(row)
  const tellsHistory = row.state !== 'applying' && !partial
  const mild = partial ? tolerant(client, units) : undefined
  if (firstUnit >= units.length) {
    await finishAlone(run, finish, tellsHistory ? migration : undefined)
  } else {
    const companion = await run.options.stash?.({
      direction: 'undo',
      group: row.group,
      migration: row.id,
      step,
      opposite: migration.up,
      client,
    })
    await runStepwise(run, {
      migration,
      direction: 'undo',
      step,
      units,
      firstUnit,
      finish,
      tellsHistory,
      companion,
      ...(mild === undefined ? {} : { client: mild.client }),
    })
  }
  const passedOver = mild?.passedOver ?? []
  return { id: row.id, tookMs: performance.now() - began, ...(passedOver.length === 0 ? {} : { passedOver }) }
}

async function whereToGoOn(run: Run, { row, units }: Going, options: RunOptions): Promise<number> {
  const unit = await firstUnitOf(run, row, units, { direction: 'undo', inDoubt: options.inDoubt })
  if (row.running) await run.session.client.query(unit === row.unit ? calmRow(row.id) : progressRow(row.id, unit))
  return unit
}

async function finishAlone(run: Run, books: readonly string[], told: Migration | undefined): Promise<void> {
  const { client } = run.session
  await client.query('begin')
  try {
    for (const sql of books) await client.query(sql)
    if (told !== undefined) await tellHistory(run, 'undo', told)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
