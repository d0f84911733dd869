import type { StepClient } from '../migration.ts'
import type { ProofOnFile } from './proofs.ts'

/** What the database knows of a migration that is applied or on its way, without its texts. */
export type Row = {
  readonly id: string
  readonly position: bigint | string
  readonly group: string
  readonly tool: string
  readonly upKind: 'sql' | 'code'
  readonly sha256: string
  readonly undoSha256: string | null
  readonly undoOrigin: UndoOrigin | null
  /** Its SQL is kept here. */
  readonly hasUndo: boolean
  readonly backfills: boolean
  readonly state: 'applying' | 'applied' | 'undoing'
  readonly unit: number
  readonly units: number
  readonly running: boolean
  readonly seen: string | null
  readonly partial: boolean
  readonly appliedAt: Date | null
  readonly by: string
  readonly proof: ProofOnFile | null
}
export type UndoOrigin = 'written' | 'derived' | 'captured' | 'code'

/** The texts of one migration. */
export type RowTexts = {
  readonly up: string
  readonly upTransaction: 'auto' | 'none'
  readonly undo: string | null
  readonly undoTransaction: 'auto' | 'none'
  readonly backfill: string | null
}

/** In the order in which they were applied. Empty where Sankofa's own schema is not there yet. */
export async function readRows(client: StepClient): Promise<readonly Row[]> {
  const there = await client.query<{ there: boolean }>(
    `select pg_catalog.to_regclass('sankofa.migration') is not null as there`,
  )
  if (there.rows[0]?.there !== true) return []
  const { rows } = await client.query<Row>(
    `select migration.id, migration.position, migration.group_id as "group", migration.tool, migration.up_kind as "upKind",
            migration.sha256, migration.undo_sha256 as "undoSha256", migration.undo_origin as "undoOrigin",
            migration.undo_sql is not null as "hasUndo", migration.backfill_sql is not null as "backfills",
            migration.state, migration.unit, migration.units, migration.running, migration.seen, migration.partial,
            migration.applied_at as "appliedAt", migration.applied_by as "by", migration.proof
       from sankofa.migration as migration
      order by migration.position`,
  )
  return rows
}

export async function readTexts(client: StepClient, id: string): Promise<RowTexts> {
  const { rows } = await client.query<RowTexts>(
    `select migration.up_sql as "up", migration.up_transaction as "upTransaction", migration.undo_sql as "undo",
            migration.undo_transaction as "undoTransaction", migration.backfill_sql as "backfill"
       from sankofa.migration as migration
      where migration.id = $1`,
    [id],
  )
  const [row] = rows
  if (row === undefined) throw new Error(`the row of migration ${id} is gone, though only this run may delete it`)
  return row
}
