import { asAdmin, createDatabase, expect, inject, test } from '#harness'
import { createPool, withScratchServer } from '../../db/index.ts'
import type { StepClient } from '../migration.ts'
import type { Catalogue } from './catalogue.ts'
import { compareCatalogues } from './compare-catalogues.ts'
import { readCatalogue } from './read-catalogue.ts'
import { knownToServer } from './testing/known-to-server.ts'
import { objectCases } from './testing/object-cases.ts'
import { richSchema } from './testing/rich-schema.ts'
import { richViews } from './testing/rich-views.ts'
import { tableCases } from './testing/table-cases.ts'

const makeReader = `do $$ begin create role case_reader; exception when duplicate_object or unique_violation then null; end $$`

/** What `sql` makes of an empty database, which stays empty. */
async function madeBy(client: StepClient, sql: string): Promise<Catalogue> {
  await client.query('begin')
  await client.query(sql)
  const catalogue = await readCatalogue(client)
  await client.query('rollback')
  return catalogue
}

/** The server of this run (TEST_DATABASE_URL) beside the embedded one, which is the newest. */
async function onBoth(use: (here: StepClient, newest: StepClient) => Promise<void>): Promise<void> {
  const database = await createDatabase('template0')
  await asAdmin((admin) => admin.query(makeReader))
  const here = await database.pool.connect()
  try {
    await withScratchServer(async (url) => {
      const pool = createPool({ url, max: 1, applicationName: 'test' })
      await pool.query(makeReader)
      const newest = await pool.connect()
      try {
        await use(here, newest)
      } finally {
        newest.release()
        await pool.end()
      }
    })
  } finally {
    here.release()
    await database.drop()
  }
}

test('one schema is one schema, whichever version of PostgreSQL has it', { timeout: 120_000 }, async () => {
  const views = richViews.map((query, index) => `create view shop.view_${index} as ${query};`).join('\n')

  await onBoth(async (here, newest) => {
    const was = await madeBy(newest, richSchema + views)
    const is = await madeBy(here, richSchema + views)
    const without = await madeBy(here, `${richSchema + views} alter table shop.orders drop column at cascade`)

    expect(compareCatalogues(was, is).differences).toEqual([])
    expect(compareCatalogues(was, without).differences.map(({ text }) => text)).toContain(
      'Column shop.orders.at is missing after the undo.',
    )
  })
})

test.skipIf(inject('postgresVersion') >= 18)(
  'each small change is the same difference between two versions as on one server',
  { timeout: 300_000 },
  async () => {
    await onBoth(async (here, newest) => {
      for (const [given, then] of knownToServer([...tableCases, ...objectCases])) {
        const was = await madeBy(newest, given)
        const is = await madeBy(here, `${given};${then}`)
        const onOne = compareCatalogues(await madeBy(here, given), is)

        expect(compareCatalogues(was, is), `${given} | ${then}`).toEqual(onOne)
      }
    })
  },
)
