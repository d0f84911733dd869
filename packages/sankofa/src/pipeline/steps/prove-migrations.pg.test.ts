import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, expect, onTestFinished, test } from '#harness'
import { readMigrations } from '../../migrate/index.ts'
import { runSteps } from '../run-steps.ts'
import { proveMigrationsStep } from './prove-migrations.ts'

async function made(migrations: Readonly<Record<string, readonly [up: string, undo: string]>>) {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-prove-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, [up, undo]] of Object.entries(migrations)) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'up.sql'), up)
    writeFileSync(join(folder, name, 'undo.sql'), undo)
  }
  const shadow = await createDatabase('template0')
  onTestFinished(() => shadow.drop())
  return { read: () => readMigrations(folder), shadowUrl: shadow.url }
}

const table = ['create table wallet (id bigint primary key, owner text)', 'drop table wallet'] as const

test('undos that are proved are told one by one', async () => {
  const lines: string[] = []
  const step = proveMigrationsStep(
    await made({
      '0001_wallet': table,
      '0002_note': ['alter table wallet add note text', 'alter table wallet drop note'],
    }),
  )

  const outcome = await runSteps([step], { onEvent: (event) => event.type === 'line' && lines.push(event.line) })

  expect(outcome.steps[0]).toMatchObject({
    state: 'done',
    detail: expect.stringMatching(/^2 undos proved on PostgreSQL/),
  })
  expect(lines.filter((line) => /000[12]/.test(line))).toHaveLength(2)
})

test('one that cannot be taken back stops, unless a person said why it goes all the same', async () => {
  const options = await made({ '0001_wallet': table, '0002_note': ['alter table wallet add note text', 'select 1'] })

  const { failure } = await runSteps([proveMigrationsStep(options)])
  expect(failure?.reason).toMatch(/^0002_note cannot be taken back: undo leaves another schema/)
  expect(failure?.next).toMatch(/^Run: sankofa /)

  const through = await runSteps([proveMigrationsStep({ ...options, unproved: { '0002_note': 'nobody reads it' } })])
  expect(through.steps[0]).toMatchObject({ state: 'done', detail: expect.stringContaining('1 undos proved') })
  expect(through.steps[0]?.detail).toContain('1 let through unproved')
})

test('a project without migrations skips the step', async () => {
  const none = await runSteps([proveMigrationsStep({ read: async () => undefined })])
  const empty = await made({})

  expect(none.steps[0]).toMatchObject({ state: 'skipped', detail: 'there are no migrations' })
  expect((await runSteps([proveMigrationsStep(empty)])).steps[0]?.state).toBe('skipped')
})
