import type { StepClient } from '../migration.ts'
import { whereHidden } from './hide.ts'
import { hasSameType } from './instant-facts.ts'
import { type Instant, movedTable } from './kept.ts'
import { addedAgain, isSame } from './plan-instant.ts'
import type { Entry } from './registry.ts'
import { putSequencesBack } from './sequences.ts'
import type { RestoredTable, StashPlan } from './stash-plan.ts'
import { anyTable } from './step-shape.ts'
import { fullName, readWorld, tablesNamed } from './world.ts'

/** Does the step make again what was hidden or moved, so that it can take its place? */
export async function comesBackItself(client: StepClient, plan: StashPlan, { kept }: Instant): Promise<boolean> {
  if (kept.instant === undefined || plan.exposes.includes(kept.name) || plan.updates.includes(fullName(kept)))
    return false
  if (kept.instant.how === 'move') return plan.again.tables.some((each) => isSame(each, kept))
  const destroyed = plan.keeps.some(({ table, columns }) => isSame(table, kept) && columns === 'all')
  const table = await whereHidden(client, kept)
  if (destroyed || table?.oid !== kept.oid || fullName(table) !== fullName(kept)) return false
  for (const [index, column] of kept.columns.entries()) {
    const hidden = kept.instant.columns[index]
    const added = addedAgain(plan.again.columns, kept, column)
    if (hidden === undefined || added === undefined || (added.hasDefault && !hidden.notNull)) return false
    if (!(await hasSameType(client, kept.oid, hidden.name, added))) return false
  }
  return true
}

/** Would a step of another migration make away with a hidden column, or show it to somebody? */
export async function isInDanger(client: StepClient, plan: StashPlan, { kept }: Instant): Promise<boolean> {
  const table = await whereHidden(client, kept)
  if (table === undefined) return false
  return (
    plan.exposes.includes(anyTable) ||
    plan.exposes.includes(table.name) ||
    plan.keeps.some((keep) => keep.columns === 'all' && fullName(keep.table) === fullName(table))
  )
}

/** @param refilled - rows of a moved table that are in the new one */
export async function closeInstant(
  client: StepClient,
  { id, kept, rows }: Entry,
  refilled: number | undefined,
): Promise<RestoredTable> {
  if (kept.instant?.how === 'move') {
    await client.query(`drop table ${movedTable(id)}`)
    const table = tablesNamed(await readWorld(client), kept)[0]
    if (table !== undefined) await putSequencesBack(client, kept, table)
  }
  const back = refilled ?? Number(rows)
  await client.query(
    `update sankofa.stash
        set state = 'restored', closed_at = clock_timestamp(), put_back = $2::int8, rows = 0, bytes = 0
      where stash.id = $1`,
    [id.toString(), back],
  )
  const [inserted, updated] = refilled === undefined ? [0, back] : [back, 0]
  return { table: fullName(kept), inserted, updated, deletedSince: 0, writtenSince: 0, left: 0 }
}
