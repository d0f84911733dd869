import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterAll, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { gateLock } from './testing/gate.ts'
import type { RunnerOrders } from './testing/go-on.ts'
import { expectTruth } from './testing/oracle.ts'

const cache = mkdtempSync(join(tmpdir(), 'sankofa-compiled-'))
afterAll(() => rmSync(cache, { recursive: true, force: true }))

type Runner = { readonly process: ChildProcess; readonly reached: Promise<string | undefined> }

/** @returns `reached` resolves to the label of the gate, or to `undefined` when it has ended by itself */
function startRunner(orders: RunnerOrders): Runner {
  const file = new URL('./testing/runner-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=sankofa-source', file], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: cache, RUNNER_ORDERS: JSON.stringify(orders) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const told = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve((JSON.parse(line) as { label: string }).label),
    )
  })
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`the runner ended with ${code}`)
    return undefined
  })
  return { process: child, reached: Promise.race([told, ended]) }
}

/** One runner after the other: each goes on from what its predecessor left, and is killed one statement later. */
async function killAtEveryStatement(db: TestDatabase, direction: 'up' | 'back'): Promise<readonly string[]> {
  const holder = new pg.Client({ connectionString: db.url })
  holder.on('error', () => {})
  await holder.connect()
  onTestFinished(() => holder.end().catch(() => {}))
  const passed: string[] = []
  let doubt: { readonly inDoubt?: 'done' | 'again' } = {}
  for (;;) {
    await holder.query(`select pg_advisory_lock(${gateLock})`)
    const runner = startRunner({ url: db.url, direction, passed, ...doubt })
    const label = await runner.reached
    if (label === undefined) {
      await holder.end()
      return passed
    }
    passed.push(label)
    await expect.poll(() => waitingAtGate(holder), { message: label, timeout: 20_000, interval: 5 }).toBe(1)

    const exit = once(runner.process, 'exit')
    runner.process.kill('SIGKILL')
    expect((await exit)[1], label).toBe('SIGKILL')
    // PostgreSQL does not notice at once: what was sent goes on. At a commit it does; elsewhere the connection is ended too.
    if (!label.startsWith('commit')) {
      await holder.query(`select pg_terminate_backend(pid) from pg_locks where classid = 4242 and not granted`)
    }
    await holder.query(`select pg_advisory_unlock(${gateLock})`)
    await expect.poll(() => migrators(holder), { message: label, timeout: 20_000, interval: 5 }).toBe(0)
    doubt = await expectTruth(db.pool, `killed before ${label}`)
  }
}

const count = async (client: pg.Client, sql: string): Promise<number> => (await client.query(sql)).rowCount ?? 0
const waitingAtGate = (client: pg.Client): Promise<number> =>
  count(client, 'select from pg_locks where classid = 4242 and not granted')
const migrators = (client: pg.Client): Promise<number> =>
  count(
    client,
    `select from pg_stat_activity where application_name like 'sankofa migrate%' and datname = current_database()`,
  )

test('kill -9 of the runner at every statement, up and back: the state is told truly, and it goes on', async ({
  db,
}) => {
  const up = await killAtEveryStatement(db, 'up')
  await expectTruth(db.pool, 'at the top')
  expect((await db.pool.query(`select from sankofa.migration where state = 'applied'`)).rowCount).toBe(20)

  const back = await killAtEveryStatement(db, 'back')
  await expectTruth(db.pool, 'at the bottom')
  expect((await db.pool.query('select from sankofa.migration')).rowCount).toBe(0)

  console.log(`killed ${up.length} times on the way up, ${back.length} on the way back`)
  expect(up.length).toBeGreaterThan(60)
  expect(back.length).toBeGreaterThan(50)
}, 900_000)
