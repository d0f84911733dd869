import { createDatabase, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { bootstrap } from './index.ts'

async function emptyDatabase(): Promise<TestDatabase> {
  const db = await createDatabase('template0')
  onTestFinished(() => db.drop())
  return db
}

const namesIn = async (db: TestDatabase, schema: string): Promise<readonly string[]> =>
  (
    await db.pool.query<{ name: string }>(
      `select relation.relname as name from pg_class as relation
        where relation.relnamespace = $1::regnamespace and relation.relkind in ('r', 'v', 'S') order by 1`,
      [schema],
    )
  ).rows.map(({ name }) => name)

test('a schema "sankofa" that is somebody else\'s is named, and nothing is made in it', async () => {
  const db = await emptyDatabase()
  await db.pool.query('create schema sankofa; create table sankofa.person (id int); create table sankofa.journal ()')

  await expect(bootstrap(db.pool)).rejects.toMatchObject({
    code: 'SCHEMA_TAKEN',
    details: { holds: ['journal', 'person'] },
  })
  expect(await namesIn(db, 'sankofa')).toEqual(['journal', 'person'])
})

test("somebody else's list of steps is not taken for Sankofa's", async () => {
  const db = await emptyDatabase()
  await db.pool.query('create schema sankofa; create table sankofa.schema_step (id int)')

  await expect(bootstrap(db.pool)).rejects.toMatchObject({ code: 'SCHEMA_TAKEN' })
})

test('an empty schema of that name is one that was made for Sankofa', async () => {
  const db = await emptyDatabase()
  await db.pool.query('create schema sankofa')

  await bootstrap(db.pool)

  expect(await namesIn(db, 'sankofa')).toContain('journal')
})

test("what a later step would make is not made over somebody else's table", async () => {
  const db = await emptyDatabase()
  await bootstrap(db.pool, { only: ['0001_journal'] })
  await db.pool.query('create table sankofa.event (mine text)')

  await expect(bootstrap(db.pool)).rejects.toMatchObject({
    code: 'SCHEMA_TAKEN',
    message: expect.stringContaining('relation "event" already exists'),
  })
})

test("Sankofa's tables are in its own schema alone, whatever a service calls its own", async () => {
  const [plain, busy] = [await emptyDatabase(), await emptyDatabase()]
  await bootstrap(plain.pool)
  const ours = await namesIn(plain, 'sankofa')
  for (const name of ours) await busy.pool.query(`create table public.${name} (theirs int)`)

  await bootstrap(busy.pool)

  expect(await namesIn(plain, 'public')).toEqual([])
  expect(await namesIn(busy, 'public')).toEqual(ours)
  expect(await namesIn(busy, 'sankofa')).toEqual(ours)
})
