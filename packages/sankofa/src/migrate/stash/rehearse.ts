import type { StepClient } from '../migration.ts'
import { asOurselves, ourselvesAgain, putSettings, readSettings, type Settings } from './as-ourselves.ts'
import type { Captured } from './capture.ts'
import { chanceColumns } from './chance-columns.ts'
import { passes } from './failure.ts'
import { instants } from './instants.ts'
import { captureTable, type Instant, type Kept, namesByName, rowsNow, standIn, triggers, uniquesOf } from './kept.ts'
import { mendStatements } from './mend.ts'
import { remembered, type Stamps, withExactText } from './text-form.ts'
import { readWorld, type Table, tablesNamed, type World } from './world.ts'

/** Rows of which the undo alone would not bring back what they were. */
export type Lossy = {
  readonly captured: Captured
  /** `all`: no row comes back. */
  readonly rows: 'all' | readonly LossyRows[]
  readonly spares: readonly Spare[]
  readonly rehearsed: 'yes' | 'filled'
  readonly sequencesLost: boolean
}
/** A row that the undo makes, and that was not there before. `base`: its values, where the table has a key. */
export type Spare = {
  readonly key: readonly (string | null)[]
  readonly n: string
  readonly base: readonly string[] | null
}
export type LossyRows = {
  /** Ids of the capture table, as an int8multirange. */
  readonly ids: string
  readonly gone: boolean
  /** What the undo alone would make of each value: `null` where that is what it was. */
  readonly base: readonly (string | null)[] | null
}

/**
 * Tries out what takes the step back, sees what it would not bring back, and rolls that back.
 *
 * @param hidden - columns that come back under their own names
 * @param settings - of the connection before the step: they will hold when the undo runs in earnest
 * @returns a reason when the undo cannot be tried out as things stand now
 */
export async function rehearse(
  client: StepClient,
  captured: readonly Captured[],
  statements: readonly string[],
  hidden: readonly Instant[],
  settings: Settings,
): Promise<readonly Lossy[] | { readonly failed: string }> {
  const plain = await attempt(client, captured, statements, hidden, settings, false)
  if (!('failed' in plain)) return plain
  const filled = await attempt(client, captured, statements, hidden, settings, true)
  return 'failed' in filled ? plain : filled
}

async function attempt(
  client: StepClient,
  captured: readonly Captured[],
  statements: readonly string[],
  hidden: readonly Instant[],
  settings: Settings,
  fill: boolean,
): Promise<readonly Lossy[] | { readonly failed: string }> {
  const before = await readWorld(client)
  await client.query('savepoint sankofa_rehearsal')
  try {
    await putSettings(client, settings, await readSettings(client))
    const ours = asOurselves(settings)
    // Checks that wait for the commit would keep the undo from altering their tables.
    await client.query('set constraints all immediate')
    const mender = fill
      ? mendStatements(
          captured.map(({ id, kept }) => ({ kept, source: captureTable(id) })),
          ours,
        )
      : undefined
    const coming = instants([], hidden, ours)
    for (const sql of statements) {
      for (const one of (await coming.before(sql, client)) ?? [sql]) {
        for (const each of (await mender?.before(one)) ?? [one]) await client.query(each)
      }
      await mender?.after(sql, client)
    }
    await ourselvesAgain(client, settings)
    await mender?.finish(client)
  } catch (error) {
    if (!passes(error)) throw error
    await client.query('rollback to savepoint sankofa_rehearsal; release savepoint sankofa_rehearsal')
    return { failed: error instanceof Error ? error.message : String(error) }
  }
  const after = await readWorld(client)
  const lossy = await withExactText(client, async (stamps) => {
    const found: Lossy[] = []
    for (const each of captured) {
      const known = await knownAgain(client, each, after)
      const numbered = known.kept.key === each.kept.key ? [] : each.kept.key
      found.push(await compare(client, known, numbered, before, after, stamps, fill))
    }
    return found
  })
  await client.query('rollback to savepoint sankofa_rehearsal; release savepoint sankofa_rehearsal')
  return lossy
}

/** Where the undo gives all rows new numbers, they are known again by another key. */
async function knownAgain(client: StepClient, captured: Captured, after: World): Promise<Captured> {
  const { kept, id } = captured
  const table = tablesNamed(after, kept)[0]
  if (table === undefined || !kept.all || kept.knownBy !== 'key') return captured
  const others = table.keys.filter(
    (key) => key.every((name) => kept.columns.includes(name)) && key.join() !== kept.key.join(),
  )
  let best = { ...captured, gone: await goneOf(client, id, table, kept) }
  for (const key of best.gone === 0 ? [] : others) {
    const numbers = key.map((name) => kept.columnNumbers[kept.columns.indexOf(name)] ?? 0)
    const other = { ...kept, key, keyNumbers: numbers }
    const gone = await goneOf(client, id, table, other)
    if (gone < best.gone) best = { ...captured, kept: other, gone }
  }
  const { gone: _gone, ...known } = best
  return known
}

async function goneOf(client: StepClient, id: bigint, table: Table, kept: Kept): Promise<number> {
  const reading = rowsNow(table, namesByName(table, kept), kept.knownBy)
  if (reading === undefined) return Number.POSITIVE_INFINITY
  const { rows } = await client.query<{ gone: number }>(
    `select count(*)::int4 as gone from ${captureTable(id)} as was
      where not exists (select from (${reading}) as now where now.key = ${keyIn(kept)})`,
  )
  return rows[0]?.gone ?? 0
}

/** The key of a captured row of which every column was kept. */
const keyIn = (kept: Kept): string =>
  `array[${kept.key.map((name) => `was.v${kept.columns.indexOf(name) + 1}`).join(', ')}]::text[]`

/** @param numbered - columns whose values the undo hands out anew: the key by which rows are not known any more */
async function compare(
  client: StepClient,
  captured: Captured,
  numbered: readonly string[],
  before: World,
  after: World,
  stamps: Stamps,
  fill: boolean,
): Promise<Lossy> {
  const { kept } = captured
  const common = { captured, rehearsed: fill ? ('filled' as const) : ('yes' as const) }
  const table = tablesNamed(after, kept)[0]
  const reading = table === undefined ? undefined : rowsNow(table, namesByName(table, kept), kept.knownBy)
  const sequencesLost = kept.sequences.length > 0 && (await areSequencesLost(client, kept))
  if (table === undefined || reading === undefined) return { ...common, rows: 'all', spares: [], sequencesLost }
  const anew = columnsMadeAnew(kept, table, before)
  const chance = await chanceColumns(client, table, [...anew, ...numbered])
  const differs = kept.columns.map((name, index) => {
    const now = `now.v${index + 1}`
    const was = `was.v${index + 1}`
    // What was filled in for the trial is not the undo's doing.
    if (fill && anew.includes(name)) return { when: `${was} is not null`, value: `'-'` }
    const value = kept.byTrigger?.includes(name) === true ? `'${triggers}'` : remembered(now, stamps)
    return { when: `${now} is distinct from ${was}`, value: chance.has(name) ? `'*'` : value }
  })
  const base = `array[${differs.map(({ when, value }) => `case when ${when} then ${value} end`).join(', ')}]::text[]`
  const { rows } = await client.query<LossyRows>(
    `select found.gone, found.base, pg_catalog.range_agg(int8range(found.id, found.id + 1))::text as ids
       from (select was.id, now.key is null as gone, case when now.key is not null then ${base} ${await standsIn(client, kept, table, before, reading, stamps)} end as base
               from ${captureTable(captured.id)} as was
               left join (${reading}) as now on now.key = ${kept.all && kept.knownBy === 'key' ? keyIn(kept) : 'was.key'} and now.n = was.n
              where ${['now.key is null', ...differs.map(({ when }) => when)].join(' or ')}) as found
      group by found.gone, found.base`,
  )
  // Without a key, rows that were rewritten are new ones. With a key, rows are the undo's own only in a table made anew.
  const anewTable = kept.all && kept.knownBy === 'key' && table.oid !== kept.oid
  const made = kept.columns.map((name, index) => (chance.has(name) ? `'*'` : remembered(`now.v${index + 1}`, stamps)))
  const spares =
    kept.knownBy === 'whole' && rows.length > 0
      ? await sparesOf(client, captured, reading, 'null::text[]')
      : anewTable
        ? await sparesOf(client, captured, reading, `array[${made.join(', ')}]::text[]`)
        : []
  return { ...common, rows, spares, sequencesLost }
}

/**
 * The undo makes a new row that takes a unique value of one that is gone: it is meant to be that one. Only in a table
 * that it leaves in place: in one that it writes anew, every row is new.
 */
async function standsIn(
  client: StepClient,
  kept: Kept,
  table: Table,
  before: World,
  reading: string,
  stamps: Stamps,
): Promise<string> {
  const inPlace = before.tables.some(({ oid, file }) => oid === table.oid && file === table.file)
  const uniques = uniquesOf(kept, table)
  if (!inPlace || !kept.all || kept.knownBy !== 'key' || uniques.length === 0) return ''
  const chance = await chanceColumns(client, table, kept.columns)
  const values = kept.columns.map((name, index) =>
    chance.has(name) ? `'*'` : remembered(`other.v${index + 1}`, stamps),
  )
  const same = uniques.map((unique) =>
    unique
      .map((name) => kept.columns.indexOf(name) + 1)
      .map((number) => `other.v${number} = was.v${number}`)
      .join(' and '),
  )
  return `else (select array['${standIn}', ${values.join(', ')}]::text[] from (${reading}) as other
                 where ${same.map((each) => `(${each})`).join(' or ')} limit 1)`
}

/** Rows that are there now, and were not captured. */
export async function sparesOf(
  client: StepClient,
  { id, kept }: Captured,
  reading: string,
  base: string,
): Promise<readonly Spare[]> {
  const key = kept.all && kept.knownBy === 'key' ? keyIn(kept) : 'was.key'
  const { rows } = await client.query<Spare>(
    `select now.key, now.n::text as n, ${base} as base
       from (${reading}) as now
       left join ${captureTable(id)} as was on now.key = ${key} and now.n = was.n
      where was.id is null`,
  )
  return rows
}

/** Columns that the step dropped and the undo adds again. */
function columnsMadeAnew(kept: Kept, table: Table, before: World): readonly string[] {
  const same = before.tables.find(({ oid }) => oid === table.oid)
  const there = new Set(same?.columns.map(({ number }) => number))
  return table.columns
    .filter(({ name, number }) => kept.columns.includes(name) && !there.has(number))
    .map(({ name }) => name)
}

async function areSequencesLost(client: StepClient, kept: Kept): Promise<boolean> {
  for (const { schema, name, last, increment } of kept.sequences) {
    const { rows } = await client.query<{ behind: boolean }>(
      `select coalesce((select case when $4::int8 > 0 then sequence.last_value < $3::int8 else sequence.last_value > $3::int8 end
                          from pg_catalog.pg_sequences as sequence
                         where sequence.schemaname = $1 and sequence.sequencename = $2), true) as behind`,
      [schema, name, last, increment],
    )
    if (rows[0]?.behind === true) return true
  }
  return false
}
