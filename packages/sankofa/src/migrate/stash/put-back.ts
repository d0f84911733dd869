import type { StepClient } from '../migration.ts'
import { isAboutRow } from './failure.ts'
import { type NamesNow, namesByName, rowsNow, rowsOf, standIn, stashTable, uniquesOf, workTable } from './kept.ts'
import { type Entry, recount } from './registry.ts'
import { putSequencesBack } from './sequences.ts'
import { type Sorted, sortOut } from './sort-out.ts'
import type { RestoredTable } from './stash-plan.ts'
import { identifier, isAs, quoted, type Stamps } from './text-form.ts'
import { tolerantly } from './tolerant.ts'
import { withoutTriggers } from './triggers.ts'
import { type ForeignKey, fullName, readWorld, type Table, tablesNamed, type World } from './world.ts'

type Work = {
  readonly entry: Entry
  readonly table: Table
  readonly names: NamesNow
  readonly sorted: Sorted
  readonly failures: Map<string, string>
  inserted: number
  updated: number
}

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

const hasFailed = ({ failures, sorted }: Work): boolean => sorted.insert.some((id) => failures.has(id))

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

async function insertRows(client: StepClient, works: readonly Work[]): Promise<void> {
  for (const work of works) {
    const { table, sorted, failures } = work
    const ids = failures.size === 0 ? sorted.insert : sorted.insert.filter((id) => failures.has(id))
    if (ids.length === 0) continue
    const failed = await withoutTriggers(client, table, () =>
      tolerantly(client, ids, (some) => insertSome(client, work, some)),
    )
    work.inserted += ids.length - failed.length
    for (const id of ids) failures.delete(id)
    for (const { id, reason } of failed) failures.set(id, reason)
  }
}

async function insertSome(client: StepClient, { entry, table, names }: Work, ids: readonly string[]): Promise<void> {
  const columns = table.columns.flatMap((column) => {
    const index = names.columns.indexOf(column.name)
    return index < 0 || column.generated ? [] : [{ ...column, value: `stashed.v${index + 1}::${column.type}` }]
  })
  await client.query(
    `insert into ${quoted(table)} (${columns.map(({ name }) => identifier(name)).join(', ')}) overriding system value
     select ${columns.map(({ value }) => value).join(', ')}
       from ${stashTable(entry.id)} as stashed where stashed.id = any ($1::int8[]) order by stashed.id`,
    [ids],
  )
}

/**
 * The undo has made a row of its own, in this transaction, that takes a unique value of a kept one, as it did when it was
 * tried out, and with the same values: that row becomes the kept one.
 */
async function replaceStandIns(client: StepClient, work: Work, stamps: Stamps): Promise<void> {
  const { entry, table, names, sorted, failures } = work
  const unique = uniquesOf(entry.kept, table)
  const columns = table.columns.flatMap((column) => {
    const index = names.columns.indexOf(column.name)
    return index < 0 || column.generated ? [] : [{ ...column, number: index + 1, value: `stashed.v${index + 1}` }]
  })
  const same = unique.map((list) =>
    columns
      .filter(({ name }) => list.includes(name))
      .map(({ name, value }) => `target.${identifier(name)}::text = ${value}`)
      .join(' and '),
  )
  if (same.length === 0) return
  const always = columns.filter(({ identity }) => identity === 'a').map(({ name }) => name)
  const asTriedOut = columns.map(({ name, number }) =>
    isAs(`stashed.base[${number + 1}]`, `target.${identifier(name)}::text`, stamps),
  )
  const replaced: string[] = []
  const ids = sorted.insert.filter((id) => failures.has(id))
  await withoutTriggers(client, table, () =>
    settable(client, table, always, () =>
      tolerantly(client, ids, async (some) => {
        const { rows } = await client.query<{ id: string }>(
          `update ${rowsOf(table)} as target set ${columns.map(({ name, value, type }) => `${identifier(name)} = ${value}::${type}`).join(', ')}
             from ${stashTable(entry.id)} as stashed
            where stashed.id = any ($1::int8[]) and stashed.base[1] = '${standIn}' and ${asTriedOut.join(' and ')}
              and target.xmin = pg_catalog.pg_current_xact_id()::xid and (${same.map((each) => `(${each})`).join(' or ')})
           returning stashed.id::text as id`,
          [some],
        )
        replaced.push(...rows.map(({ id }) => id))
      }),
    ),
  )
  const done = new Set(replaced)
  for (const id of done) failures.delete(id)
  work.inserted += done.size
}

/** Rows of several tables that refer to one another can only come back all at once, with the references checked last. */
async function insertTogether(client: StepClient, works: readonly Work[], world: World): Promise<void> {
  const oids = new Set(works.map(({ table }) => table.oid))
  const between = world.foreignKeys.filter(
    ({ from, to, inherited }) => !inherited && oids.has(from) && oids.has(to) && from !== to,
  )
  if (between.length === 0) return
  const waiting = works.map((work) => ({ work, ids: work.sorted.insert.filter((id) => work.failures.has(id)) }))
  await client.query('savepoint sankofa_together')
  try {
    await client.query('set constraints all immediate')
    const insertAll = (): Promise<void> =>
      checkedLast(client, between, async () => {
        for (const { work, ids } of waiting) await insertSome(client, work, ids)
      })
    await works.reduce(
      (inner, { table }) =>
        () =>
          withoutTriggers(client, table, inner),
      insertAll,
    )()
    await client.query('release savepoint sankofa_together')
  } catch (error) {
    if (!isAboutRow(error)) throw error
    await client.query('rollback to savepoint sankofa_together; release savepoint sankofa_together')
    return
  }
  for (const { work, ids } of waiting) {
    work.inserted += ids.length
    for (const id of ids) work.failures.delete(id)
  }
}

/** Foreign keys may be made deferrable, and what they were again, without being checked anew. */
async function checkedLast(client: StepClient, keys: readonly ForeignKey[], work: () => Promise<void>): Promise<void> {
  const alter = async (how: (key: ForeignKey) => string): Promise<void> => {
    for (const key of keys) {
      await client.query(`alter table ${key.table} alter constraint ${identifier(key.name)} ${how(key)}`)
    }
  }
  await alter(() => 'deferrable initially deferred')
  await client.query('set constraints all deferred')
  await work()
  await client.query('set constraints all immediate')
  await alter(({ deferrable, deferred }) =>
    deferrable ? `deferrable initially ${deferred ? 'deferred' : 'immediate'}` : 'not deferrable',
  )
}

async function updateRows(client: StepClient, work: Work): Promise<void> {
  const { entry, table, names, sorted, failures } = work
  if (sorted.update.length === 0) return
  const { rows } = await client.query<{ taken: readonly boolean[] }>(
    `select array[${names.columns.map((_, index) => `coalesce(bool_or(work.take[${index + 1}]), false)`).join(', ')}] as taken
       from ${workTable(entry.id)} as work`,
  )
  const columns = table.columns.flatMap((column) => {
    const index = names.columns.indexOf(column.name)
    return index < 0 || column.generated || rows[0]?.taken[index] !== true ? [] : [{ ...column, number: index + 1 }]
  })
  const sets = columns.map(
    ({ name, number, type }) =>
      `${identifier(name)} = case when work.take[${number}] then stashed.v${number}::${type} else target.${identifier(name)} end`,
  )
  const always = columns.filter(({ identity }) => identity === 'a').map(({ name }) => name)
  const updateSome = async (ids: readonly string[]): Promise<void> => {
    await client.query(
      `update ${rowsOf(table)} as target set ${sets.join(', ')}
         from ${workTable(entry.id)} as work join ${stashTable(entry.id)} as stashed on stashed.id = work.id
        where work.id = any ($1::int8[]) and target.ctid = work.place and target.tableoid = work.part`,
      [ids],
    )
  }
  const failed = await withoutTriggers(client, table, () =>
    settable(client, table, always, async () => {
      let left = await tolerantly(client, sorted.update, updateSome)
      // Unique values that move up one after another get free in one order only.
      for (let before = Number.POSITIVE_INFINITY; left.length > 0 && left.length < before; ) {
        before = left.length
        left = await tolerantly(client, left.map(({ id }) => id).reverse(), updateSome)
      }
      return left
    }),
  )
  work.updated = sorted.update.length - failed.length
  for (const { id, reason } of failed) failures.set(id, reason)
}

/** An identity that is always generated takes a value of old only while it is not. */
async function settable<T>(
  client: StepClient,
  table: Table,
  columns: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const set = async (how: string): Promise<void> => {
    for (const column of columns) {
      await client.query(`alter table ${quoted(table)} alter column ${identifier(column)} set generated ${how}`)
    }
  }
  if (columns.length > 0) await client.query('set constraints all immediate')
  await set('by default')
  const result = await work()
  await set('always')
  return result
}

/** The undo has not made the table anew, or not with the columns that name its rows. */
async function leave(client: StepClient, { id, kept, rows }: Entry, table: Table | undefined): Promise<RestoredTable> {
  await client.query(`update sankofa.stash set state = 'restored', closed_at = clock_timestamp() where stash.id = $1`, [
    id.toString(),
  ])
  return {
    table: fullName(kept),
    ...nothing,
    left: Number(rows),
    leftBecause:
      table === undefined ? 'the table is not there any more' : 'columns that name its rows are not there any more',
  }
}

const nothing = { inserted: 0, updated: 0, deletedSince: 0, writtenSince: 0 }

/** What was given back, or needs no giving back, leaves the stash. */
async function close(client: StepClient, work: Work): Promise<RestoredTable> {
  const { entry, sorted, failures, inserted, updated } = work
  const left = new Map([...sorted.left.map(({ id, reason }) => [id, reason] as const), ...failures])
  await client.query(`drop table ${workTable(entry.id)}`)
  await client.query(`delete from ${stashTable(entry.id)} as stashed where not stashed.id = any ($1::int8[])`, [
    [...left.keys()],
  ])
  await recount(client, entry.id)
  if (left.size === 0) await client.query(`drop table ${stashTable(entry.id)}`)
  await client.query(
    `update sankofa.stash
        set state = 'restored', closed_at = clock_timestamp(), put_back = $2::int8,
            bytes = case when $3 then 0 else stash.bytes end, checksum = case when $3 then null else stash.checksum end
      where stash.id = $1`,
    [entry.id.toString(), inserted + updated + sorted.filled, left.size === 0],
  )
  const first = left.values().next().value
  return {
    table: fullName(entry.kept),
    inserted,
    updated: updated + sorted.filled,
    deletedSince: sorted.deletedSince,
    writtenSince: sorted.writtenSince,
    left: left.size,
    ...(first === undefined ? {} : { leftBecause: first }),
  }
}
