import type { StepClient } from '../migration.ts'
import { namesOf } from './plan-names.ts'
import type { StashPlan } from './stash-plan.ts'
import { fullName, readWorld, type Table, type World } from './world.ts'

/** What the tables were, and how often rows of them had been written, when the step began. */
export type Watch = { readonly world: World; readonly counts: ReadonlyMap<string, Counts> }

type Counts = { readonly updated: number; readonly deleted: number }

export async function watchTables(client: StepClient): Promise<Watch> {
  return { world: await readWorld(client), counts: await countsNow(client) }
}

/**
 * What the step has destroyed of tables that are not kept: one phrase each.
 *
 * @param filled - tables, by oid, whose rows were given values back meanwhile: those updates are not the step's
 */
export async function unforeseen(
  client: StepClient,
  { world, counts }: Watch,
  plan: StashPlan,
  ignore: readonly string[],
  filled: ReadonlySet<string>,
): Promise<readonly string[]> {
  const after = new Map((await readWorld(client)).tables.map((table) => [table.oid, table]))
  const now = await countsNow(client)
  const kept = namesOf(plan, world)
  const updated = new Set(plan.updates)
  const isFilled = (table: Table): boolean =>
    filled.has(table.oid) ||
    world.tables.some((parent) => table.isPartition && table.parents.includes(parent.oid) && isFilled(parent))
  return world.tables.flatMap((table) => {
    const name = fullName(table)
    const columns = kept.get(table.oid)
    if (columns === 'all' || ignore.includes(name)) return []
    const then = after.get(table.oid)
    if (then === undefined) return [`${name} was dropped`]
    const lost = table.columns.filter(({ number, generated, name: column, typeOid }) => {
      if (generated || columns?.has(column) === true || plan.widened.includes(`${name}.${column}`)) return false
      const same = then.columns.find((each) => each.number === number)
      return same === undefined || same.typeOid !== typeOid
    })
    const was = counts.get(table.oid) ?? { updated: 0, deleted: 0 }
    const is = now.get(table.oid) ?? was
    return [
      ...lost.map((column) => `column ${name}.${column.name} was dropped or got another type`),
      ...(is.deleted > was.deleted ? [`rows of ${name} were deleted`] : []),
      ...(is.updated > was.updated && columns === undefined && !updated.has(name) && !isFilled(table)
        ? [`rows of ${name} were updated`]
        : []),
    ]
  })
}

async function countsNow(client: StepClient): Promise<ReadonlyMap<string, Counts>> {
  const { rows } = await client.query<{ oid: string; updated: string; deleted: string }>(
    `select stat.relid::text as oid, stat.n_tup_upd::text as updated, stat.n_tup_del::text as deleted
       from pg_catalog.pg_stat_xact_user_tables as stat
      where stat.n_tup_upd + stat.n_tup_del > 0`,
  )
  return new Map(rows.map(({ oid, updated, deleted }) => [oid, { updated: Number(updated), deleted: Number(deleted) }]))
}
