import pg from 'pg'
import type { Migration, Step } from '../migration.ts'
import { sha256, textOf } from './digest.ts'
import type { ProofOnFile } from './proofs.ts'
import type { UndoOrigin } from './row.ts'

/** Who applies, for the rows. */
export type Signature = {
  readonly tool: string
  readonly actor: string
  readonly release?: string | undefined
  readonly proof?: ProofOnFile | undefined
}

/** A row as it begins: applied at once, or with its first unit before it. */
export type FirstState =
  | { readonly state: 'applied'; readonly at?: Date }
  | { readonly state: 'applying'; readonly units: number }

/**
 * Before anything is recorded, in a transaction: a migration may have become another role, which may not write here. Its
 * role comes back with the end of the transaction.
 */
export const asOurselves: readonly string[] = ['set local session authorization default', 'set local role none']

const literal = (value: string | undefined | null): string =>
  value === undefined || value === null ? 'null' : pg.escapeLiteral(value)

/**
 * SQL, with everything written out, so that it can travel in one message with the migration itself.
 *
 * Time taken is that of the transaction so far.
 */
export function insertRow(migration: Migration, first: FirstState, by: Signature): string {
  const applied = first.state === 'applied'
  const at = applied && first.at !== undefined ? `${literal(first.at.toISOString())}::timestamptz` : undefined
  const undo = undoOf(migration, by.proof)
  const values: readonly string[] = [
    literal(migration.id),
    '(select coalesce(max(earlier.position), 0) + 1 from sankofa.migration as earlier)',
    literal(migration.group),
    literal(by.tool),
    literal(migration.up.kind),
    literal(textOf(migration.up)),
    literal(transactionOf(migration.up)),
    literal(undo.sql),
    literal(undo.origin),
    literal(undo.transaction),
    literal(sha256(textOf(migration.up))),
    literal(undo.sha256),
    literal(migration.backfill),
    literal(first.state),
    '0',
    applied ? '1' : String(first.units),
    applied ? (at ?? 'pg_catalog.clock_timestamp()') : 'null',
    literal(by.actor),
    applied && at === undefined
      ? `extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()) * 1000`
      : 'null',
    by.proof === undefined ? 'null' : `${literal(JSON.stringify(by.proof))}::jsonb`,
    literal(by.release),
  ]
  return `insert into sankofa.migration (id, position, group_id, tool, up_kind, up_sql, up_transaction, undo_sql, undo_origin,
  undo_transaction, sha256, undo_sha256, backfill_sql, state, unit, units, applied_at, applied_by, took_ms, proof, release)
values (${values.join(', ')})`
}

const transactionOf = (step: Step): 'auto' | 'none' =>
  step.kind === 'sql' ? step.transaction : step.transaction ? 'auto' : 'none'

/**
 * The undo as it is kept: of a module, the statements that a proof has recorded, else nothing but its hash; where none was
 * written, the one that a proof has derived.
 */
export function undoOf(
  migration: Migration,
  proof: ProofOnFile | undefined,
): {
  readonly sql: string | null
  readonly origin: UndoOrigin | null
  readonly transaction: 'auto' | 'none'
  readonly sha256: string | null
} {
  const { undo } = migration
  if (undo === undefined) {
    const derived = proof?.derivedUndo?.[migration.id]
    const origin = derived === undefined ? null : 'derived'
    return { sql: derived ?? null, origin, transaction: 'auto', sha256: null }
  }
  const common = { transaction: transactionOf(undo), sha256: sha256(textOf(undo)) }
  if (undo.kind === 'sql') return { ...common, sql: undo.sql, origin: undo.file === undefined ? 'derived' : 'written' }
  const captured = proof?.captured?.[migration.id]
  return captured === undefined
    ? { ...common, sql: null, origin: 'code' }
    : { ...common, sql: captured.join('\n;\n'), origin: 'captured' }
}

/** Units before `unit` are done. */
export const progressRow = (id: string, unit: number): string =>
  `update sankofa.migration set unit = ${unit}, running = false, seen = null where id = ${literal(id)}`

/** A statement that cannot share a transaction with its record is about to run. @param seen - what is there before it */
export const announceRow = (id: string, unit: number, seen: string | undefined): string =>
  `update sankofa.migration set unit = ${unit}, running = true, seen = ${literal(seen)} where id = ${literal(id)}`

/** The statement failed, or it is known what became of it. */
export const calmRow = (id: string): string =>
  `update sankofa.migration set running = false, seen = null where id = ${literal(id)}`

export const finishRow = (id: string, actor: string): string =>
  `update sankofa.migration
      set state = 'applied', unit = 0, units = 1, running = false, seen = null, partial = false, applied_by = ${literal(actor)},
          applied_at = pg_catalog.clock_timestamp(),
          took_ms = extract(epoch from pg_catalog.clock_timestamp() - migration.began_at) * 1000
    where id = ${literal(id)}`

export const beginUndo = (id: string, units: number, partial: boolean): string =>
  `update sankofa.migration
      set state = 'undoing', unit = 0, units = ${units}, running = false, seen = null, partial = ${partial}
    where id = ${literal(id)}`

/** Taken back: what is left of it is in the journal. */
export const deleteRow = (id: string): string => `delete from sankofa.migration where id = ${literal(id)}`
export const deleteBackfill = (id: string): string => `delete from sankofa.backfill where name = ${literal(id)}`
