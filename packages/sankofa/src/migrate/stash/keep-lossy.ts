import type { StepClient } from '../migration.ts'
import type { Captured } from './capture.ts'
import {
  captureTable,
  checksumOf,
  type Kept,
  keepHashes,
  namesByNumber,
  rowsNow,
  stashTable,
  triggers,
} from './kept.ts'
import { type Lossy, type LossyRows, sparesOf } from './rehearse.ts'
import { closeTable } from './stash-schema.ts'
import { fullName, type World } from './world.ts'

export type KeptRows = { readonly table: string; readonly rows: number; readonly bytes: number; readonly stash: string }

/** Patterns sent at once: each may hold a hash for every column. */
const chunk = 20_000

/** Keeps what the undo alone would not bring back, and forgets the rest of the capture. */
export async function keepLossy(client: StepClient, lossy: Lossy): Promise<KeptRows | undefined> {
  const { captured, rows, spares, rehearsed, sequencesLost } = lossy
  const { id, kept } = captured
  if (rows !== 'all' && rows.length === 0 && spares.length === 0 && !sequencesLost) return forget(client, id)
  await createStash(client, id, kept)
  // Where a trigger wrote, the rest of the row tells whether somebody else did.
  const whole = rows === 'all' || rows.some(({ gone, base }) => gone || base?.includes(triggers) === true)
  const used = whole ? undefined : usedColumns(rows)
  const values = kept.columns.map((_, index) => (used?.has(index) === false ? 'null' : `was.v${index + 1}`))
  const from = `${captureTable(id)} as was`
  // It may have been found that the rows are known by another key.
  const key = kept.all
    ? `array[${kept.key.map((name) => `was.v${kept.columns.indexOf(name) + 1}`).join(', ')}]::text[]`
    : 'was.key'
  const list = ['was.id', key, 'was.n', ...values].join(', ')
  if (rows === 'all') {
    await client.query(`insert into ${stashTable(id)} select ${list}, true, null, null, null, false from ${from}`)
  } else {
    for (let first = 0; first < rows.length; first += chunk) {
      await client.query(
        `insert into ${stashTable(id)}
         select ${list}, pattern.gone, pattern.base, null, null, false
           from rows from (jsonb_to_recordset($1::jsonb) as (ids int8multirange, gone boolean, base text[])) as pattern (ids, gone, base)
           cross join lateral unnest(pattern.ids) as range
           cross join lateral generate_series(lower(range), upper(range) - 1) as one (id)
           join ${from} on was.id = one.id`,
        [JSON.stringify(rows.slice(first, first + chunk))],
      )
    }
  }
  await keepSpares(client, id, spares)
  await client.query(`drop table ${captureTable(id)}`)
  return open(client, id, { ...kept, rehearsed, spares: kept.knownBy === 'whole' && spares.length > 0 })
}

/**
 * Keeps all of a capture, with hashes of how the step left each row: what was written since is then told by those.
 *
 * @param world - after the step
 * @param unchanged - also rows that the step left as they were: what takes it back may not
 */
export async function keepAll(
  client: StepClient,
  { id, kept }: Captured,
  world: World,
  unchanged: boolean,
): Promise<KeptRows | undefined> {
  const table = world.tables.find(({ oid }) => oid === kept.oid)
  const names = table === undefined ? undefined : namesByNumber(table, kept)
  const reading =
    table === undefined || names === undefined ? undefined : rowsNow(table, names, kept.knownBy, [keepHashes.row])
  await createStash(client, id, kept)
  const values = kept.columns.map((_, index) => `was.v${index + 1}`)
  const list = ['was.id', 'was.key', 'was.n', ...values].join(', ')
  if (reading === undefined || names === undefined) {
    await client.query(
      `insert into ${stashTable(id)} select ${list}, true, null, null, null, false from ${captureTable(id)} as was`,
    )
  } else {
    const dropped = names.columns.some((name) => name === undefined)
    const changed = kept.columns.map((_, index) => `now.v${index + 1} is distinct from was.v${index + 1}`)
    await client.query(
      `insert into ${stashTable(id)}
       select ${list}, now.key is null, null, ${keepHashes.values(names.columns)}, now.whole, false
         from ${captureTable(id)} as was
         left join (${reading}) as now on now.key = was.key and now.n = was.n
        where ${dropped || unchanged ? 'true' : ['now.key is null', ...changed].join(' or ')}`,
    )
  }
  const spares =
    kept.knownBy !== 'whole' || reading === undefined
      ? []
      : await sparesOf(client, { id, kept, rows: 0, bytes: 0 }, reading, 'null::text[]')
  await keepSpares(client, id, spares)
  await client.query(`drop table ${captureTable(id)}`)
  return open(client, id, { ...kept, rehearsed: 'no', spares: spares.length > 0 })
}

async function keepSpares(client: StepClient, id: bigint, spares: Lossy['spares']): Promise<void> {
  for (let first = 0; first < spares.length; first += chunk) {
    await client.query(
      `insert into ${stashTable(id)} (id, key, n, gone, base, spare)
       select -row_number() over () - $2::int8, spare.key, spare.n, false, spare.base, true
         from rows from (jsonb_to_recordset($1::jsonb) as (key text[], n int8, base text[])) as spare (key, n, base)`,
      [JSON.stringify(spares.slice(first, first + chunk)), first],
    )
  }
}

export async function createStash(client: StepClient, id: bigint, kept: Kept): Promise<void> {
  const values = kept.columns.map((_, index) => `v${index + 1} text`)
  await client.query(
    `create table ${stashTable(id)} (
       ${['id bigint primary key', 'key text[]', 'n bigint', ...values].join(', ')},
       gone boolean, base text[], after text[], whole text, spare boolean)`,
  )
  await closeTable(client, stashTable(id))
}

/** @returns `undefined` when there was nothing to keep */
export async function open(client: StepClient, id: bigint, kept: Kept): Promise<KeptRows | undefined> {
  const name = stashTable(id)
  const size = await client.query<{ rows: string; bytes: string; held: boolean }>(
    `select (select count(*) from ${name} as stashed where not stashed.spare)::text as rows, exists (select from ${name}) as held, pg_catalog.pg_total_relation_size('${name}')::text as bytes`,
  )
  const { rows = '0', bytes = '0', held = false } = size.rows[0] ?? {}
  if (rows === '0' && !held && kept.sequences.length === 0) {
    await client.query(`drop table ${name}`)
    await client.query('delete from sankofa.stash where stash.id = $1', [id.toString()])
    return undefined
  }
  await client.query(
    `update sankofa.stash
        set state = 'open', plan = $2::jsonb, rows = $3::int8, bytes = $4::int8, checksum = (${checksumOf(name)})
      where stash.id = $1`,
    [id.toString(), JSON.stringify(kept), rows, bytes],
  )
  return { table: fullName(kept), rows: Number(rows), bytes: Number(bytes), stash: name }
}

async function forget(client: StepClient, id: bigint): Promise<undefined> {
  await client.query(`drop table ${captureTable(id)}`)
  await client.query('delete from sankofa.stash where stash.id = $1', [id.toString()])
  return undefined
}

/** Columns in which some kept row needs its value. */
function usedColumns(rows: readonly LossyRows[]): ReadonlySet<number> {
  const used = new Set<number>()
  for (const { base } of rows) for (const [index, value] of (base ?? []).entries()) if (value !== null) used.add(index)
  return used
}
