import { createDatabase, expect, onTestFinished, test } from '#harness'
import { bootstrap } from './index.ts'

test('many processes bootstrapping an empty database at once leave one complete schema', async () => {
  const db = await createDatabase('template0')
  onTestFinished(() => db.drop())

  await Promise.all(Array.from({ length: 5 }, () => bootstrap(db.pool)))
  await bootstrap(db.pool)

  const steps = await db.pool.query<{ step: string }>('select step from sankofa.schema_step order by step')
  expect(steps.rows.map((row) => row.step.slice(5))).toEqual([
    'journal',
    'flags',
    'observe',
    'events',
    'alert',
    'console',
    'statements',
    'migrate',
    'stash',
    'release',
    'machine',
    'release_host',
  ])
})

test('the journal and the events cannot be rewritten', async ({ db }) => {
  await db.pool.query(
    `insert into sankofa.journal (change_id, kind, type, actor) values ('a', 'flag', 'proposed', 'ama')`,
  )

  for (const statement of [
    'update sankofa.journal set actor = null',
    'delete from sankofa.journal',
    'truncate sankofa.journal',
    'delete from sankofa.event',
  ]) {
    await expect(db.pool.query(statement)).rejects.toThrow(/append-only/)
  }
})
