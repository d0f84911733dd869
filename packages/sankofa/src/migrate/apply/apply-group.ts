import { SankofaError } from '../../core/index.ts'
import { backfillOf } from '../backfill/declaration.ts'
import { runBackfill } from '../backfill/run-backfill.ts'
import type { Migration } from '../migration.ts'
import type { Unit } from '../sql/units.ts'
import { type Piece, runAtOnce } from './at-once.ts'
import { sha256, textOf } from './digest.ts'
import { firstUnitOf } from './doubt.ts'
import { needsCommits } from './failure.ts'
import type { Ran, RunOptions } from './migrator.ts'
import { runInOneTransaction } from './one-transaction.ts'
import type { StoredProof } from './proofs.ts'
import { type Row, readTexts } from './row.ts'
import { isOneTransaction, type Run, tellHistory, unitsOf } from './run.ts'
import { signatureOf } from './signature.ts'
import { runStepwise } from './stepwise.ts'
import { type Entry, type GroupView, isMissing } from './view.ts'
import { calmRow, deleteRow, finishRow, insertRow, progressRow, type Signature } from './write-row.ts'

/** A migration of the group that is not applied, or not wholly. */
export type Missing = { readonly migration: Migration; readonly units: readonly Unit[]; readonly row: Row | undefined }

/**
 * Applies what is missing of a group: as one transaction where PostgreSQL allows it, else one migration after the other,
 * each going on where it was interrupted.
 */
export async function applyGroup(
  run: Run,
  view: GroupView,
  options: RunOptions,
  proofs: readonly StoredProof[],
): Promise<readonly Ran[]> {
  const missing: Missing[] = []
  for (const entry of view.entries.filter(isMissing)) missing.push(await toMissing(run, entry))
  const by = signatureOf(run, view, proofs)
  if (missing.length > 0 && missing.every((each) => fitsOneTransaction(run, each, missing.length))) {
    const done = await allAtOnce(run, missing, by).catch((error: unknown) => {
      if (missing.length === 1 || !needsCommits(error)) throw error
    })
    if (done !== undefined) return done
  }
  const ran: Ran[] = []
  for (const each of missing) ran.push(await applyOne(run, each, options, by))
  return ran
}

export async function toMissing(run: Run, { migration, row }: Entry): Promise<Missing> {
  const known = migration ?? (row === undefined ? undefined : await fromRow(run, row))
  if (known === undefined) throw new Error('a migration that is neither in the folder nor in the database')
  // What is wrong with a file is said before anything of its group runs.
  if (known.backfill !== undefined) await backfillOf(known)
  return { migration: known, units: await unitsOf(known.up), row }
}

/** Begun here, by a newer checkout: its own SQL is in the database. */
async function fromRow(run: Run, row: Row): Promise<Migration> {
  if (row.upKind === 'code') {
    throw new SankofaError('MIGRATION_HALF_WAY', {
      group: row.group,
      state: 'half applied, and its module is not in this folder',
      next: 'Run this where its file is.',
    })
  }
  const texts = await readTexts(run.session.client, row.id)
  return {
    id: row.id,
    group: row.group,
    up: { kind: 'sql', sql: texts.up, transaction: texts.upTransaction },
    ...(texts.backfill === null ? {} : { backfill: texts.backfill }),
  }
}

const fitsOneTransaction = (run: Run, { migration, units, row }: Missing, together: number): boolean =>
  (run.options.stash === undefined || together > 1) &&
  row === undefined &&
  migration.up.kind === 'sql' &&
  migration.backfill === undefined &&
  isOneTransaction(units)

async function allAtOnce(run: Run, missing: readonly Missing[], by: Signature): Promise<readonly Ran[]> {
  const began = performance.now()
  const pieces = missing.map(({ migration, units }): Piece => {
    const books = [insertRow(migration, { state: 'applied' }, by)]
    const statements = units[0]?.statements ?? []
    const { up: step, undo: opposite } = migration
    const how = { step, ...(opposite === undefined ? {} : { opposite }) }
    return { migration, direction: 'up', ...how, statements, books, tellsHistory: true }
  })
  await (run.options.stash === undefined ? runAtOnce(run, pieces) : runInOneTransaction(run, pieces))
  const tookMs = (performance.now() - began) / missing.length
  return missing.map(({ migration }) => ({ id: migration.id, tookMs }))
}

async function applyOne(run: Run, missing: Missing, options: RunOptions, by: Signature): Promise<Ran> {
  const { migration, units } = missing
  const { client } = run.session
  const began = performance.now()
  const single = missing.row === undefined && isOneTransaction(units) && migration.backfill === undefined
  if (missing.row === undefined && !single) {
    await client.query(insertRow(migration, { state: 'applying', units: units.length }, by))
  }
  const firstUnit = missing.row === undefined ? 0 : await whereToGoOn(run, missing, missing.row, options)
  const backfills = migration.backfill !== undefined
  const companion = await run.options.stash?.({
    direction: 'up',
    group: migration.group,
    migration: migration.id,
    step: migration.up,
    ...(migration.undo === undefined ? {} : { opposite: migration.undo }),
    client,
  })
  const finish = single
    ? [insertRow(migration, { state: 'applied' }, by)]
    : [backfills ? progressRow(migration.id, units.length) : finishRow(migration.id, by.actor)]
  if (firstUnit < units.length) {
    await runStepwise(run, {
      migration,
      direction: 'up',
      step: migration.up,
      units,
      firstUnit,
      finish,
      tellsHistory: !backfills,
      companion,
    }).catch(async (error: unknown) => {
      if (!single) await forgetUnbegun(run, migration.id)
      throw error
    })
  }
  if (backfills) await backfill(run, migration)
  if (backfills || firstUnit >= units.length) await finishAlone(run, migration, by.actor)
  return { id: migration.id, tookMs: performance.now() - began }
}

/** What has failed before it did anything is pending again. */
const forgetUnbegun = async (run: Run, id: string): Promise<void> => {
  const sql = `${deleteRow(id)} and state = 'applying' and unit = 0 and not running`
  await run.session.client.query(sql).catch(() => {})
}

/** Where the last run stopped. A file that was mended since is taken over, as long as what is done stays as it was done. */
async function whereToGoOn(run: Run, missing: Missing, row: Row, options: RunOptions): Promise<number> {
  const { migration, units } = missing
  const { client } = run.session
  const hash = sha256(textOf(migration.up))
  if (hash !== row.sha256) {
    const texts = await readTexts(client, row.id)
    const before = await unitsOf({ kind: 'sql', sql: texts.up, transaction: texts.upTransaction })
    const doneSql = (of: readonly Unit[]): string =>
      JSON.stringify(of.slice(0, row.unit).map(({ statements }) => statements.map(({ sql }) => sql)))
    if (row.running || row.upKind === 'code' || doneSql(before) !== doneSql(units)) {
      throw new SankofaError('MIGRATION_EDITED', { edited: [row.id] })
    }
    await client.query('update sankofa.migration set up_sql = $2, sha256 = $3, units = $4 where id = $1', [
      row.id,
      textOf(migration.up),
      hash,
      units.length,
    ])
  }
  const unit = await firstUnitOf(run, row, units, { direction: 'up', inDoubt: options.inDoubt })
  if (row.running) await client.query(unit === row.unit ? calmRow(row.id) : progressRow(row.id, unit))
  return unit
}

async function backfill(run: Run, migration: Migration): Promise<void> {
  const { pool, clock, lockTimeoutMs, pauseWhile } = run.options
  const declared = await backfillOf(migration)
  await runBackfill({
    pool,
    clock,
    lockTimeoutMs,
    name: migration.id,
    ...declared,
    ...(pauseWhile === undefined ? {} : { pauseWhile }),
  })
}

async function finishAlone(run: Run, migration: Migration, actor: string): Promise<void> {
  const { client } = run.session
  await client.query('begin')
  try {
    await client.query(finishRow(migration.id, actor))
    await tellHistory(run, 'up', migration)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
