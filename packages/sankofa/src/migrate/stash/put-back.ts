import type { StepClient } from '../migration.ts'
import { close, leave } from './close-stash.ts'
import { insertRows, insertTogether } from './insert-rows.ts'
import { type NamesNow, namesByName, rowsNow, stashTable, workTable } from './kept.ts'
import { hasFailed, type Work } from './put-work.ts'
import type { Entry } from './registry.ts'
import { putSequencesBack } from './sequences.ts'
import { sortOut } from './sort-out.ts'
import { replaceStandIns } from './stand-ins.ts'
import type { RestoredTable } from './stash-plan.ts'
import type { Stamps } from './text-form.ts'
import { updateRows } from './update-rows.ts'
import { readWorld, type Table, tablesNamed, type World } from './world.ts'

/**
 * Gives back what the opposite step had destroyed, after this one has run as it is written. A value that nobody wrote
 * since comes back as it was; what was written since stays as written; a row deleted since stays deleted; a row added
 * since stays. What cannot be given back stays in the stash, and is told.
 */
export async function putBack(
  client: StepClient,
  entries: readonly Entry[],
  stamps: Stamps,
): Promise<readonly RestoredTable[]> {
  const world = await readWorld(client)
  const works: Work[] = []
  const nowhere: RestoredTable[] = []
  for (const entry of inOrder(entries, world)) {
    const table = tablesNamed(world, entry.kept)[0]
    const names = table === undefined ? undefined : namesByName(table, entry.kept)
    const found = table === undefined || names === undefined ? undefined : await match(client, entry, table, names)
    if (table === undefined || names === undefined || found !== true) {
      nowhere.push(await leave(client, entry, table))
      continue
    }
    const sorted = await sortOut(client, entry, table, names, stamps, isReferred(world, table))
    works.push({ entry, table, names, sorted, failures: new Map(), inserted: 0, updated: 0 })
  }
  await insertRows(client, works)
  for (const work of works) await updateRows(client, work)
  for (const work of works.filter(hasFailed)) await replaceStandIns(client, work, stamps)
  // A row may have waited for a value that only an update has freed, or for a row of a table that refers to its own.
  await insertRows(client, works.filter(hasFailed))
  if (works.some(hasFailed)) await insertTogether(client, works.filter(hasFailed), world)
  const restored: RestoredTable[] = []
  for (const work of works) {
    await putSequencesBack(client, work.entry.kept, work.table)
    restored.push(await close(client, work))
  }
  return [...restored, ...nowhere]
}

const isReferred = (world: World, table: Table): boolean => world.foreignKeys.some(({ to }) => to === table.oid)

/** Parents before children, by the foreign keys as they are now. */
function inOrder(entries: readonly Entry[], world: World): readonly Entry[] {
  const oidOf = (entry: Entry): string => tablesNamed(world, entry.kept)[0]?.oid ?? entry.table
  const sorted: Entry[] = []
  const seen = new Set<Entry>()
  const visit = (entry: Entry): void => {
    if (seen.has(entry)) return
    seen.add(entry)
    const parents = world.foreignKeys.filter(({ from, to }) => from === oidOf(entry) && to !== from).map(({ to }) => to)
    for (const parent of entries.filter((each) => parents.includes(oidOf(each)))) visit(parent)
    sorted.push(entry)
  }
  for (const entry of entries) visit(entry)
  return sorted
}

/** Finds, for each kept row, the row that is there now. */
async function match(client: StepClient, { id, kept }: Entry, table: Table, names: NamesNow): Promise<boolean> {
  const reading = rowsNow(table, names, kept.knownBy)
  if (reading === undefined) return false
  await client.query(
    `create table ${workTable(id)} as
       select stashed.id, ${['now.place', 'now.part', ...kept.columns.map((_, index) => `now.v${index + 1}`)].join(', ')}, null::boolean[] as take
         from ${stashTable(id)} as stashed
         left join (${reading}) as now on now.key = stashed.key and now.n = stashed.n`,
  )
  return true
}
