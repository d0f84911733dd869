import { groupsOf } from '../group.ts'
import type { History, Migration, MigrationSet, StepClient } from '../migration.ts'
import { sha256, textOf } from './digest.ts'
import { type Row, readRows } from './row.ts'

/** A migration as the folder and the database have it; at least one of them does. */
export type Entry = {
  readonly id: string
  readonly migration?: Migration
  readonly row?: Row
  /** The tool's own history says that it is applied, and Sankofa has no row of it yet. */
  readonly adopted: boolean
  /** Sankofa has a row, and the tool that has it in its folder has taken it back by itself. */
  readonly forgotten: boolean
}

export type GroupView = {
  readonly group: string
  readonly entries: readonly Entry[]
  /** At least one of its migrations is in the folder. */
  readonly here: boolean
}

/** Folder, database and the tool's own history, side by side. */
export async function readView(client: StepClient, set: MigrationSet | undefined): Promise<readonly GroupView[]> {
  const rows = new Map((await readRows(client)).map((row) => [row.id, row]))
  const known = await readHistory(client, set?.history)
  const here = groupsOf(set?.migrations ?? []).map(({ id, migrations }) => ({
    group: id,
    here: true,
    entries: migrations.map((migration): Entry => {
      const row = rows.get(migration.id)
      rows.delete(migration.id)
      return {
        id: migration.id,
        migration,
        ...(row === undefined ? {} : { row }),
        adopted: row === undefined && known?.has(migration.id) === true,
        forgotten: row?.state === 'applied' && row.tool === set?.tool && known?.has(row.id) === false,
      }
    }),
  }))
  return addUnknown(here, [...rows.values()])
}

/** Nothing is known where the tool has no table yet, or no more: that is no word on what is applied. */
async function readHistory(client: StepClient, history: History | undefined): Promise<ReadonlySet<string> | undefined> {
  if (history === undefined) return undefined
  const names = history.tables.map((table) => table.slice(table.indexOf('.') + 1))
  const { rows } = await client.query<{ there: boolean }>(
    'select exists (select from pg_catalog.pg_class where pg_class.relname = any ($1::text[])) as there',
    [names],
  )
  return rows[0]?.there === true ? new Set(await history.applied(client)) : undefined
}

/** Those that only the database knows come last, as they do in a checkout that is older than the database. */
function addUnknown(here: readonly GroupView[], rows: readonly Row[]): readonly GroupView[] {
  const groups = new Map(here.map((view) => [view.group, view]))
  for (const row of rows) {
    const view = groups.get(row.group) ?? { group: row.group, here: false, entries: [] }
    const entry = { id: row.id, row, adopted: false, forgotten: false }
    groups.set(row.group, { ...view, entries: [...view.entries, entry] })
  }
  return [...groups.values()]
}

/** Is it applied, as far as it can be told without a look at its tables? */
export const isApplied = (entry: Entry): boolean =>
  entry.adopted || (entry.row?.state === 'applied' && !entry.forgotten)

export const isMissing = (entry: Entry): boolean =>
  !isApplied(entry) && entry.row?.state !== 'undoing' && (entry.migration !== undefined || entry.row !== undefined)

/** How the file differs from what was applied. */
export function driftOf({ row, migration }: Entry): 'edited since' | 'undo edited since' | undefined {
  if (row === undefined || row.state === 'applying' || migration === undefined) return undefined
  if (row.sha256 !== sha256(textOf(migration.up))) return 'edited since'
  // An undo that was written later is no edit: it is taken over.
  if (row.undoSha256 === null) return undefined
  const undo = migration.undo === undefined ? undefined : sha256(textOf(migration.undo))
  return undo === undefined || undo === row.undoSha256 ? undefined : 'undo edited since'
}
