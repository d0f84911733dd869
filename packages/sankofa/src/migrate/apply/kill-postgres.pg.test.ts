import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, test } from '#harness'
import { systemClock } from '../../core/index.ts'
import { type EmbeddedServer, startEmbedded } from '../../db/index.ts'
import { gateLock, putGate } from './testing/gate.ts'
import { goOn } from './testing/go-on.ts'
import { expectTruth } from './testing/oracle.ts'

const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sankofa-killed-'))
// The server may run as another user than the tests.
chmodSync(base, 0o755)
let server: EmbeddedServer | undefined
afterAll(async () => {
  await server?.stop()
  rmSync(base, { recursive: true, force: true })
})

/** kill -9 of the postmaster and of everything that it has started, at once. */
async function killPostgres(victim: EmbeddedServer): Promise<void> {
  for (const pid of [victim.pid, ...childrenOf(victim.pid)]) process.kill(pid, 'SIGKILL')
  await victim.ended
}

const childrenOf = (parent: number): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
      } catch {
        return false
      }
    })
    .map(Number)

/** The server dies before every statement in turn, and what was going on goes on with the next one. */
async function killAtEveryStatement(direction: 'up' | 'back'): Promise<readonly string[]> {
  const passed = new Set<string>()
  let doubt: { readonly inDoubt?: 'done' | 'again' } = {}
  for (;;) {
    server ??= await startEmbedded({ directory: join(base, 'pg') })
    const holder = new pg.Client({ connectionString: server.url() })
    holder.on('error', () => {})
    await holder.connect()
    await holder.query(`select pg_advisory_lock(${gateLock})`)
    const pool = new pg.Pool({ connectionString: server.url(), max: 3, connectionTimeoutMillis: 60_000 })
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    const gate = Promise.withResolvers<string>()
    putGate(pool, passed, gate.resolve)
    if (passed.size > 0) doubt = await expectTruth(pool, `killed before ${[...passed].at(-1)}`)

    const work = goOn(pool, systemClock, { direction, ...doubt }).then(
      () => undefined,
      (error: unknown) => error,
    )
    const label = await Promise.race([gate.promise, work])
    if (typeof label !== 'string') {
      await pool.end()
      await holder.end()
      if (label !== undefined) throw label
      return [...passed]
    }
    passed.add(label)
    const waiting = async (): Promise<number | null> =>
      (await holder.query('select from pg_locks where classid = 4242 and not granted')).rowCount
    await expect.poll(waiting, { message: label, timeout: 20_000, interval: 5 }).toBe(1)

    await killPostgres(server)
    server = undefined
    expect(await work, label).toMatchObject({ message: expect.stringMatching(/connection|terminat|ECONN/i) })
    await pool.end()
    await holder.end().catch(() => {})
  }
}

test('kill -9 of PostgreSQL at every statement, up and back: the state is told truly, and it goes on', async () => {
  const up = await killAtEveryStatement('up')
  const back = await killAtEveryStatement('back')

  console.log(`killed ${up.length} times on the way up, ${back.length} on the way back`)
  expect(up.length).toBeGreaterThan(60)
  expect(back.length).toBeGreaterThan(50)
}, 900_000)
