import { afterAll, beforeAll, createDatabase, expect, test } from '#harness'
import { compareCatalogues } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import { knownToServer } from '../catalogue/testing/known-to-server.ts'
import { objectCases } from '../catalogue/testing/object-cases.ts'
import { tableCases } from '../catalogue/testing/table-cases.ts'
import { deriveUndo } from './derive-undo.ts'

let database: Awaited<ReturnType<typeof createDatabase>>
beforeAll(async () => {
  database = await createDatabase('template0')
  await database.pool.query(
    `do $$ begin create role case_reader; exception when duplicate_object or unique_violation then null; end $$`,
  )
})
afterAll(() => database.drop())

/** What no statement brings back as it was; a note says so, where it is not only a flag of the server. */
const beyondSql: ReadonlyMap<string, string> = new Map([
  ['alter table kid no inherit t', ''],
  ['alter table b disable trigger all', ''],
  ['drop type pair; create type pair as (b text, a int)', 'stays as the migration left it'],
  [`alter foreign table ft options (set a 'c')`, 'stays as the migration left it'],
])

test.each(knownToServer([...tableCases, ...objectCases]))('the undo of %s | %s is derived', async (given, up) => {
  const client = await database.pool.connect()
  await client.query('begin')
  await client.query(given)
  const before = await readCatalogue(client)
  await client.query(up)

  const { statements, notes } = deriveUndo(before, await readCatalogue(client))
  for (const statement of statements) await client.query(statement)
  const { grade, differences } = compareCatalogues(before, await readCatalogue(client))
  await client.query('rollback')
  client.release()

  const beyond = beyondSql.get(up)
  if (beyond === undefined) expect(differences.filter(({ weight }) => weight !== 'column-order')).toEqual([])
  else expect([grade, notes.join()]).toEqual(['differs', expect.stringContaining(beyond)])
})
