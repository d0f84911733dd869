import type { StepClient } from '../migration.ts'
import { createStash, open } from './keep-lossy.ts'
import {
  type Instant,
  type Kept,
  movedTable,
  type NamesNow,
  namesByNumber,
  type Place,
  rowsNow,
  stashSchema,
  stashTable,
} from './kept.ts'
import { identifier, quoted, withExactText } from './text-form.ts'
import { readWorld, type World } from './world.ts'

/**
 * Makes a copy of what is hidden or moved, as any other stash, and drops it where it is: for steps that would make away
 * with it, show it, or do not make it again as it was.
 *
 * @param expressed - the step writes the column itself: what it writes stays
 * @returns `undefined` when no value was there
 */
export async function materialise(
  client: StepClient,
  { id, kept }: Instant,
  expressed: boolean,
): Promise<Kept | undefined> {
  const { instant, ...rest } = kept
  if (instant === undefined) return kept
  const copy: Kept = { ...rest, rehearsed: expressed ? 'no' : 'yes' }
  return withExactText(client, async () => {
    await createStash(client, id, copy)
    const { from, names } = placeOf(await readWorld(client), { id, kept })
    const values = copy.columns.map((_, index) => `now.v${index + 1}`)
    const gone = instant.how === 'move'
    // Nobody could write what was not there: whatever the step makes of it, the old value counts.
    const base = gone || expressed ? 'null' : `array[${copy.columns.map(() => `'*'`).join(', ')}]::text[]`
    const after =
      gone || !expressed ? 'null, null' : `array[${copy.columns.map(() => 'null').join(', ')}]::text[], 'written'`
    const some = gone ? 'true' : `num_nonnulls(${values.join(', ')}) > 0`
    const reading = rowsNow(from, names, copy.knownBy)
    if (reading === undefined) throw new Error(`${kept.name} has lost the columns of its key`)
    await client.query(
      `insert into ${stashTable(id)}
       select row_number() over (), ${['now.key', 'now.n', ...values].join(', ')}, ${gone}, ${base}, ${after}, false
         from (${reading}) as now where ${some}`,
    )
    const dropped =
      instant.how === 'move'
        ? `drop table ${movedTable(id)}`
        : `alter table ${quoted(from)} ${instant.columns.map(({ name }) => `drop column ${identifier(name)}`).join(', ')}`
    await client.query(dropped)
    await client.query(`update sankofa.stash set stash_table = 's' || stash.id where stash.id = $1`, [id.toString()])
    return (await open(client, id, copy)) === undefined ? undefined : copy
  })
}

function placeOf(world: World, { id, kept }: Instant): { readonly from: Place; readonly names: NamesNow } {
  if (kept.instant?.how !== 'hide') {
    const name = movedTable(id).slice(stashSchema.length + 1)
    return { from: { schema: stashSchema, name, kind: 'r' }, names: { columns: kept.columns, key: kept.key } }
  }
  const table = world.tables.find(({ oid }) => oid === kept.oid)
  if (table === undefined) throw new Error(`${kept.name} is not there any more`)
  const columns = kept.instant.columns.map(({ name }) => name)
  return { from: table, names: { columns, key: namesByNumber(table, kept).key } }
}
