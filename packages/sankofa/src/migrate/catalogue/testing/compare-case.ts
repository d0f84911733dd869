import { createDatabase, type TestDatabase } from '#harness'
import { type Comparison, compareCatalogues, type Grade } from '../compare-catalogues.ts'
import { readCatalogue } from '../read-catalogue.ts'

/** What the database is before, what an incomplete undo makes of it, the grade, and every sentence that is said. */
export type Case = readonly [given: string, then: string, grade: Grade, ...sentences: readonly string[]]

export type Bench = {
  compare(given: string, then: string): Promise<Comparison>
  close(): Promise<void>
}

/** One database for many cases: each is rolled back. The comparison sees uncommitted statements. */
export async function openBench(): Promise<Bench> {
  const database: TestDatabase & { drop(): Promise<void> } = await createDatabase('template0')
  await database.pool.query(
    `do $$ begin
       if not exists (select from pg_roles where rolname = 'case_reader') then create role case_reader; end if;
     exception when duplicate_object or unique_violation then null; end $$`,
  )
  return {
    async compare(given, then) {
      const client = await database.pool.connect()
      try {
        await client.query('begin')
        await client.query(given)
        const before = await readCatalogue(client)
        await client.query(then)
        return compareCatalogues(before, await readCatalogue(client))
      } finally {
        await client.query('rollback')
        client.release()
      }
    },
    close: () => database.drop(),
  }
}
