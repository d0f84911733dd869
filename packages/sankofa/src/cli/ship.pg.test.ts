import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, type TestDatabase, test, vi } from '#harness'
import { changeId } from '../core/index.ts'
import { freePort } from '../db/index.ts'
import { foldChange, openJournal } from '../journal/index.ts'
import { readSplit, readWanted } from '../release/index.ts'
import { sankofa } from './testing/project.ts'
import { commit, service, serviceRepository } from './testing/service-project.ts'

const shim = fileURLToPath(new URL('../../bin/sankofa.js', import.meta.url))
const neverHealthy = (service['server.js'] ?? '').replace('response.end', 'response.writeHead(503).end')

function start(folder: string, url: string, ...args: readonly string[]): ChildProcess {
  const env = {
    ...process.env,
    DATABASE_URL: url,
    SANKOFA_DIR: join(folder, '.sankofa'),
    SANKOFA_ACTOR: 'kofi',
    INIT_CWD: folder,
  }
  return spawn(process.execPath, [shim, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Resolves with all that was said when `text` is among it. */
function said(child: ChildProcess, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = ''
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before it said "${text}":\n${out}`)))
    child.stdout?.on('data', (chunk) => {
      out += String(chunk)
      if (out.includes(text)) resolve(out)
    })
  })
}

/** A real host of a project; it ends with the test. @returns where customers reach it */
async function openHost(folder: string, url: string): Promise<string> {
  const port = await freePort()
  const child = start(folder, url, 'host', '--port', String(port))
  onTestFinished(async () => void (await sankofa(folder, url, 'host', '--stop')))
  await said(child, '{"ready":true')
  return `http://127.0.0.1:${port}`
}

const currentOf = async ({ pool }: TestDatabase): Promise<string | undefined> =>
  (await readSplit(pool, 'hello'))?.current

test('a first release that cannot start is nobody’s, the next one is everybody’s, and what runs is not shipped twice', async ({
  db,
}) => {
  const folder = serviceRepository({ 'server.js': 'const x = ;\n' })
  const customers = await openHost(folder, db.url)

  const broken = await sankofa(folder, db.url, 'ship')
  const afterBroken = { current: await currentOf(db), wanted: await readWanted(db.pool, 'hello') }
  const mended = commit(folder, 'Mend it', service)
  const first = await sankofa(folder, db.url, 'ship')
  const answer = await (await fetch(customers)).text()
  const again = await sankofa(folder, db.url, 'ship')

  expect(broken.code).toBe(1)
  expect(broken.out).toContain('SyntaxError')
  expect(broken.out).toContain('Mend it and ship again.')
  expect(broken.out).not.toContain('node:internal')
  expect(afterBroken).toEqual({ current: undefined, wanted: [] })
  expect(first.code).toBe(0)
  expect(first.out).toContain(`${mended} is what everybody gets: it is the first`)
  expect(answer).toBe(mended)
  expect(again.code).toBe(0)
  expect(again.out).toContain(`${mended} is what everybody gets already: nothing is to be done.`)
  expect(again.out).not.toContain('Run the tests')
}, 120_000)

test('a release that never becomes healthy reaches nobody, a good one goes out, and back takes it back', async ({
  db,
}) => {
  const folder = serviceRepository()
  const customers = await openHost(folder, db.url)
  await sankofa(folder, db.url, 'ship')
  const first = await currentOf(db)
  commit(folder, 'Never healthy', { 'server.js': neverHealthy })

  const sick = await sankofa(folder, db.url, 'ship', '--no-follow')
  const stillFirst = await (await fetch(customers)).text()
  const better = commit(folder, 'Better', { ...service, 'more.js': '// more\n' })
  const good = await sankofa(folder, db.url, 'ship', '--no-follow')
  const journal = openJournal(db.pool)
  const change = changeId(`release-${better}`)
  await vi.waitFor(async () => expect(foldChange(await journal.read({ change }))?.state).toBe('exposed'), 30_000)
  const resumed = await sankofa(folder, db.url, 'ship', '--no-follow')
  const back = await sankofa(folder, db.url, 'back')

  expect(sick.code).toBe(1)
  expect(sick.out).toContain('/health did not answer 2xx within 3000 ms; the last time it answered 503')
  expect(sick.out).toContain(`Nobody got it: ${first} goes on.`)
  expect(stillFirst).toBe(first)
  expect(good.code).toBe(0)
  expect(resumed.out).toContain(`${change} is out already`)
  expect(back).toMatchObject({ code: 0, out: `${change} is taken back: nobody gets it any more.\n` })
  expect(await currentOf(db)).toBe(first)
}, 180_000)

test('two do not ship at once, and one that is interrupted leaves no process and no copy behind', async ({ db }) => {
  const slowTest = `import test from 'node:test'\ntest('is slow', () => new Promise((resolve) => setTimeout(resolve, 60_000)))\n`
  const folder = serviceRepository({ 'hello.test.js': slowTest })
  await openHost(folder, db.url)
  const shipping = start(folder, db.url, 'ship')
  let out = ''
  shipping.stdout?.on('data', (chunk) => {
    out += String(chunk)
  })
  await said(shipping, '> node --test')

  const second = await sankofa(folder, db.url, 'ship')
  // As a terminal does it: the shim ignores it, and what it runs gets it too.
  const inner = childOf(shipping.pid ?? 0)
  process.kill(inner, 'SIGINT')
  const [code] = await once(shipping, 'exit')
  const afterwards = await sankofa(folder, db.url, 'check', '--quick')

  expect(second.code).toBe(1)
  expect(second.err).toMatch(/kofi \(process \d+\) ships hello now/)
  expect(code).toBe(1)
  expect(out).toContain('Run it again: what is done is not repeated.')
  expect(readdirSync(join(folder, '.sankofa', 'host', 'checks'))).toEqual([])
  expect(afterwards.code).toBe(0)
}, 120_000)

test('host --stop ends everything that the host of a folder runs, and says when none runs', async ({ db }) => {
  const folder = serviceRepository()
  const customers = await openHost(folder, db.url)
  await sankofa(folder, db.url, 'ship')

  const stopped = await sankofa(folder, db.url, 'host', '--stop', '--json')
  const none = await sankofa(folder, db.url, 'host', '--stop')

  expect(stopped.code).toBe(0)
  expect(JSON.parse(stopped.out)).toMatchObject({ stopped: true, left: [] })
  await expect(fetch(customers)).rejects.toThrow('fetch failed')
  expect(none).toMatchObject({ code: 1, out: expect.stringContaining('No host runs in') })
}, 60_000)

/** The shim starts one program. */
function childOf(pid: number): number {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return Number(child)
}
