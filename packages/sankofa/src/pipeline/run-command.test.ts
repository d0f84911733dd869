import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts'
import { runCommand } from './run-command.ts'

const cwd = tmpdir()
const node = (source: string): readonly [string, ...string[]] => [process.execPath, '-e', source]

test('both streams come line by line without colours, and the last forty are kept in order', async () => {
  const lines: string[] = []

  const { code, lastLines } = await runCommand(
    node(
      `for (let i = 0; i < 50; i++) console.log('\\u001b[32mline ' + i + '\\u001b[0m'); process.stdout.write('no end')`,
    ),
    { cwd, log: (line) => lines.push(line) },
  )

  expect(code).toBe(0)
  expect(lines).toHaveLength(51)
  expect(lines.at(-1)).toBe('no end')
  expect(lastLines).toHaveLength(40)
  expect(lastLines[0]).toBe('line 11')
})

test('output of many megabytes is read to its last byte', async () => {
  const { stdout } = await runCommand(node(`process.stdout.write(JSON.stringify('x'.repeat(12_000_000)))`), { cwd })

  expect(JSON.parse(stdout)).toHaveLength(12_000_000)
})

test('a program that is not there is named', async () => {
  await expect(runCommand(['no-such-program-here'], { cwd })).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
    message: expect.stringContaining('"no-such-program-here" could not be started'),
  })
})

test('an abort ends the children of the program too, also those that mind no signal, within 5 s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-run-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'pids')
  const stubborn = `process.on('SIGTERM', () => {}); require('node:fs').appendFileSync(${JSON.stringify(file)}, process.pid + '\\n'); setInterval(() => {}, 1000)`
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' }); ${stubborn}`
  const abort = new AbortController()
  const run = runCommand(node(parent), { cwd, signal: abort.signal })
  const pids = await vi.waitFor(
    () => {
      const found = readFileSync(file, 'utf8').trim().split('\n').map(Number)
      expect(found).toHaveLength(2)
      return found
    },
    { timeout: 10_000 },
  )
  const alive = pids.map(identityOf)
  expect(alive.map(isAlive)).toEqual([true, true])

  const startedMs = performance.now()
  abort.abort(new Error('told to stop'))

  await expect(run).rejects.toThrow('told to stop')
  expect(performance.now() - startedMs).toBeLessThan(5_000)
  expect(alive.map(isAlive)).toEqual([false, false])
})

test('a child that its program leaves behind neither outlives it nor holds it up', async () => {
  const source = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    child.once('spawn', () => { console.log(child.pid); process.exit(3) })`
  const seen: ProcessIdentity[] = []

  const { code, tookMs } = await runCommand(node(source), { cwd, log: (line) => seen.push(identityOf(Number(line))) })

  expect(code).toBe(3)
  expect(tookMs).toBeLessThan(4_000)
  expect(seen.map(isAlive)).toEqual([false])
  expect(seen[0]?.startedAt).not.toBe('')
})

test('what a git hook or npx left in the environment does not reach the program', async () => {
  vi.stubEnv('GIT_DIR', '/elsewhere/.git')
  vi.stubEnv('npm_lifecycle_event', 'ship')
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })

  const { stdout } = await runCommand(
    node('console.log([process.env.GIT_DIR, process.env.npm_lifecycle_event, process.env.MINE].join())'),
    { cwd, env: { MINE: 'yes' } },
  )

  expect(stdout.trim()).toBe(',,yes')
})
