import type { StepClient } from '../migration.ts'
import { keepHashes, namesByNumber, rowsNow, stashTable } from './kept.ts'
import { type Entry, recount } from './registry.ts'
import { readWorld, tablesNamed } from './world.ts'

/**
 * Where the opposite step could not be tried out: finds, before this step changes anything, which rows and values were
 * written since, by the hashes of how the opposite step left them.
 */
export async function noteWritten(client: StepClient, { id, kept }: Entry): Promise<void> {
  const world = await readWorld(client)
  // A restored dump has other numbers; then the name has to do.
  const table = world.tables.find(({ oid }) => oid === kept.oid) ?? tablesNamed(world, kept)[0]
  const names = table === undefined ? undefined : namesByNumber(table, kept)
  const reading =
    table === undefined || names === undefined ? undefined : rowsNow(table, names, kept.knownBy, [keepHashes.row])
  if (names === undefined || reading === undefined) return
  const now = keepHashes.values(names.columns)
  const compared = kept.columns.map(
    (_, index) =>
      `case when stashed.after[${index + 1}] is null then null when stashed.after[${index + 1}] = (${now})[${index + 1}] then 'same' else 'written' end`,
  )
  await client.query(
    `update ${stashTable(id)} as stashed
        set whole = 'deleted'
      where not stashed.gone and not stashed.spare
        and not exists (select from (${reading}) as now where now.key = stashed.key and now.n = stashed.n)`,
  )
  await client.query(
    `update ${stashTable(id)} as stashed
        set whole = case when now.whole = stashed.whole then 'same' else 'written' end, after = array[${compared.join(', ')}]::text[]
       from (${reading}) as now
      where now.key = stashed.key and now.n = stashed.n and not stashed.gone and not stashed.spare`,
  )
  // The transaction may be the first of several, and the next one looks again.
  await client.query(`update sankofa.stash set plan = stash.plan || '{"noted": true}' where stash.id = $1`, [
    id.toString(),
  ])
  await recount(client, id)
}
