import type { StepClient } from '../migration.ts'
import { missingParents, prune } from './close-sample.ts'
import type { Filled } from './filled.ts'
import { insertSql, sequencesSql } from './insert-sql.ts'
import { readTables } from './read-tables.ts'
import { readKeys, readSeeds, type Sample } from './sample-sql.ts'
import type { Table } from './table.ts'

/**
 * Copies some real rows into a shadow database, together with every row that they refer to. The target is only read: in one
 * read-only transaction, as any role that may select, with a limit on how long each table may take.
 *
 * @param options.rowsPerTable - rows a table to begin with; rows that they refer to come on top
 */
export async function sampleRows(
  target: StepClient,
  shadow: StepClient,
  options: { readonly rowsPerTable: number; readonly ignore?: readonly string[] },
): Promise<Filled> {
  const here = (await readTables(shadow, options.ignore)).tables.filter(({ ignored }) => !ignored)
  const { samples, refused } = await readSample(target, here, options)
  prune(samples)
  return writeSample(shadow, here, samples, refused)
}

type Read = { readonly samples: ReadonlyMap<string, Sample>; readonly refused: ReadonlyMap<string, string> }

async function readSample(
  target: StepClient,
  here: readonly Table[],
  { rowsPerTable, ignore }: { readonly rowsPerTable: number; readonly ignore?: readonly string[] },
): Promise<Read> {
  const samples = new Map<string, Sample>()
  const refused = new Map<string, string>()
  const size = { bytes: 0 }
  await target.query('begin transaction isolation level repeatable read read only')
  try {
    // Values are written as the shadow reads them, whatever the target's settings are.
    await target.query(
      "set local statement_timeout = '10s'; set local DateStyle = 'ISO, YMD'; set local IntervalStyle = 'postgres'; set local extra_float_digits = 1; set local bytea_output = 'hex'; set local row_security = off",
    )
    const there = (await readTables(target, ignore)).tables
    for (const table of there) {
      const known = here.find(({ label }) => label === table.label)
      if (known === undefined) continue
      const common = new Set(known.columns.filter(({ generated }) => !generated).map(({ name }) => name))
      const columns = table.columns.filter(({ name, generated }) => !generated && common.has(name))
      samples.set(table.label, { table, columns, rows: [], keys: new Map(), size })
    }
    const guarded = async (sample: Sample, read: () => Promise<void>): Promise<void> => {
      if (refused.has(sample.table.label)) return
      await target.query('savepoint sankofa_sample')
      try {
        await read()
      } catch (error) {
        await target.query('rollback to savepoint sankofa_sample')
        refused.set(sample.table.label, `Its rows could not be read: ${(error as Error).message}.`)
      }
      await target.query('release savepoint sankofa_sample')
    }
    for (const sample of samples.values()) await guarded(sample, () => readSeeds(target, sample, rowsPerTable))
    // Parents of parents, until every row has what it refers to.
    for (let missing = missingParents(samples); missing.length > 0; ) {
      for (const { sample, columns, keys } of missing) {
        await guarded(sample, () => readKeys(target, sample, columns, keys))
      }
      missing = missingParents(samples)
    }
  } finally {
    await target.query('rollback')
  }
  return { samples, refused }
}

/** As superuser: triggers and foreign keys rest, since the rows have been through them already. */
async function writeSample(
  shadow: StepClient,
  tables: readonly Table[],
  samples: ReadonlyMap<string, Sample>,
  refused: ReadonlyMap<string, string>,
): Promise<Filled> {
  const filled: { table: string; rows: number }[] = []
  const empty: { table: string; reason: string }[] = []
  await shadow.query("begin; set local session_replication_role = 'replica'")
  try {
    for (const table of tables) {
      const sample = samples.get(table.label)
      if (sample === undefined || sample.rows.length === 0) {
        const reason = sample === undefined ? 'The target has no such table.' : 'The target has no row of it.'
        empty.push({ table: table.label, reason: refused.get(table.label) ?? reason })
        continue
      }
      await shadow.query('savepoint sankofa_sample')
      try {
        const rows = sample.rows.map((row) => renumbered(row, sample, table))
        const { rowCount } = await shadow.query(`${insertSql(table, rows)} on conflict do nothing`)
        for (const sql of sequencesSql(table, rows)) await shadow.query(sql)
        filled.push({ table: table.label, rows: rowCount ?? 0 })
      } catch (error) {
        await shadow.query('rollback to savepoint sankofa_sample')
        empty.push({ table: table.label, reason: `The shadow refused its rows: ${(error as Error).message}.` })
      }
      await shadow.query('release savepoint sankofa_sample')
    }
    await shadow.query('commit')
  } catch (error) {
    await shadow.query('rollback').catch(() => {})
    throw error
  }
  return { tables: filled, empty }
}

/** The same column may have another number in the shadow: one was dropped and added there, or here. */
function renumbered(row: Sample['rows'][number], { columns }: Sample, table: Table): Map<number, string | null> {
  return new Map(
    columns.flatMap(({ name, number }): [number, string | null][] => {
      const own = table.columns.find((column) => column.name === name)
      return own === undefined ? [] : [[own.number, row.get(number) ?? null]]
    }),
  )
}
