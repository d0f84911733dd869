import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identityOf, isAlive } from '../process-identity.ts'
import { runCommand } from '../run-command.ts'
import { type PublishedVersion, startRegistry, type TestRegistry } from '../testing/npm-registry.ts'
import { type UpdateResult, updateLines } from './result.ts'
import { updatePackages } from './update-packages.ts'

const day = 24 * 60 * 60 * 1_000
const daysAgo = (days: number): Date => new Date(Date.now() - days * day)
const answers = (value: number): Record<string, string> => ({ 'index.js': `module.exports = ${value}\n` })
const release = (name: string, version: string, days: number, value: number, manifest = {}): PublishedVersion => ({
  name,
  version,
  publishedAt: daysAgo(days),
  files: answers(value),
  manifest,
})

const packages: readonly PublishedVersion[] = [
  release('plain', '1.0.0', 400, 1),
  release('plain', '1.2.0', 60, 1, { dependencies: { deep: '^1.0.0' } }),
  // Comes along with it: the newest that is old enough too.
  release('deep', '1.0.0', 400, 1),
  release('deep', '1.0.1', 1, 1),
  // Newer than the cool-down: it must not come in by the range either.
  release('plain', '1.3.0', 2, 1),
  release('@acme/scoped', '0.2.0', 400, 1),
  release('@acme/scoped', '0.2.5', 30, 1),
  release('view', '18.0.0', 400, 18),
  release('view', '19.0.0', 50, 19),
  release('view-dom', '18.0.0', 400, 18, { peerDependencies: { view: '^18.0.0' } }),
  release('view-dom', '19.0.0', 50, 19, { peerDependencies: { view: '^19.0.0' } }),
  release('breaks', '1.0.0', 400, 1),
  release('breaks', '1.1.0', 40, 2),
  release('leaky', '1.0.0', 400, 1),
  release('leaky', '1.0.1', 1, 1),
  release('leaky', '1.1.0', 1, 1),
  release('young', '1.0.0', 400, 1),
  release('young', '1.0.1', 3, 1),
  release('current', '3.0.0', 400, 1),
]

const projectTest = `
const { test } = require('node:test')
const assert = require('node:assert')
test('every package answers', () => { for (const name of ['plain', '@acme/scoped', 'leaky', 'young', 'current']) assert.equal(require(name), 1) })
test('view and view-dom fit', () => assert.equal(require('view'), require('view-dom')))
test('what breaks is one', () => assert.equal(require('breaks'), 1))
`

let folder: string
let registry: TestRegistry

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-update-')))
  const affected = {
    id: 7,
    url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
    title: 'leaks',
    severity: 'high',
  } as const
  registry = await startRegistry(folder, {
    packages,
    advisories: [{ ...affected, name: 'leaky', vulnerable_versions: '<1.0.1' }],
  })
}, 60_000)

afterAll(async () => {
  await registry.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A committed project that is installed at the oldest version of everything. */
async function makeProject(name: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = join(folder, name)
  mkdirSync(directory)
  const first = new Map(packages.toReversed().map((one) => [one.name, one.version]))
  const manifest = {
    name,
    version: '1.0.0',
    scripts: { test: 'node --test' },
    dependencies: Object.fromEntries(
      [...first]
        .filter(([one]) => one !== 'deep')
        .map(([one, version]) => [one, ['breaks', 'plain', 'leaky'].includes(one) ? `^${version}` : version]),
    ),
  }
  const all = {
    'package.json': `${JSON.stringify(manifest, null, 4)}\n`,
    'all.test.js': projectTest,
    '.gitignore': 'node_modules\n',
    ...files,
  }
  for (const [file, text] of Object.entries(all)) writeFileSync(join(directory, file), text)
  const old = [`--before=${daysAgo(300).toISOString()}`]
  const { code, lastLines } = await runCommand(['npm', 'install', '--no-audit', ...old], {
    cwd: directory,
    env: registry.env,
  })
  expect(code, lastLines.join('\n')).toBe(0)
  git(directory, 'init', '--quiet', '--initial-branch=main')
  git(directory, 'config', 'user.name', 'Ama')
  git(directory, 'config', 'user.email', 'ama@example.test')
  git(directory, 'add', '.')
  git(directory, 'commit', '--quiet', '-m', 'As it runs')
  return directory
}

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8' }).trim()

const stateOf = (results: readonly UpdateResult[], name: string, to?: string): UpdateResult | undefined =>
  results.find((one) => one.packages.some((each) => each.name === name && (to === undefined || each.to === to)))

const leftBehind = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('sankofa-update-'))

test('of five outdated packages four go, each on its own branch, and one is reported with its failing test', async () => {
  const directory = await makeProject('five')
  writeFileSync(join(directory, 'all.test.js'), 'not committed')
  const statusBefore = git(directory, 'status', '--porcelain')

  const report = await updatePackages({ directory, env: registry.env })

  const { results } = report
  expect(stateOf(results, 'plain')).toMatchObject({ state: 'updated', branch: 'sankofa/update-plain-1.2.0' })
  expect(stateOf(results, '@acme/scoped')).toMatchObject({ branch: 'sankofa/update-@acme+scoped-0.2.5' })
  expect(stateOf(results, 'view')).toMatchObject({
    state: 'updated',
    reach: 'major',
    packages: [
      { name: 'view', to: '19.0.0' },
      { name: 'view-dom', to: '19.0.0' },
    ],
  })
  // Fresh, but the only way out of a known fault; and no further than needed.
  expect(stateOf(results, 'leaky')).toMatchObject({ state: 'updated', security: true, packages: [{ to: '1.0.1' }] })
  expect(stateOf(results, 'breaks')).toMatchObject({
    state: 'failed',
    at: 'test',
    tests: [{ name: 'what breaks is one', file: 'all.test.js' }],
    reason: expect.stringContaining('what breaks is one'),
  })
  expect(stateOf(results, 'young')).toMatchObject({
    state: 'waits',
    until: new Date(
      (packages.find(({ name, version }) => name === 'young' && version === '1.0.1')?.publishedAt.getTime() ?? 0) +
        7 * day,
    ).toISOString(),
  })
  expect(stateOf(results, 'current')).toMatchObject({ state: 'nothing to do', reason: 'up to date' })

  // Each branch holds its own update and nothing else, installed as written.
  const manifestOn = (branch: string) => JSON.parse(git(directory, 'show', `${branch}:package.json`)).dependencies
  const lockOn = (branch: string) => JSON.parse(git(directory, 'show', `${branch}:package-lock.json`)).packages
  expect(manifestOn('sankofa/update-plain-1.2.0')).toMatchObject({ plain: '^1.2.0', breaks: '^1.0.0', view: '18.0.0' })
  expect(lockOn('sankofa/update-plain-1.2.0')['node_modules/plain'].version).toBe('1.2.0')
  expect(lockOn('sankofa/update-plain-1.2.0')['node_modules/breaks'].version).toBe('1.0.0')
  expect(lockOn('sankofa/update-plain-1.2.0')['node_modules/deep'].version).toBe('1.0.0')
  expect(lockOn('sankofa/update-leaky-1.0.1')['node_modules/leaky'].version).toBe('1.0.1')
  expect(manifestOn('sankofa/update-leaky-1.0.1')).toMatchObject({ leaky: '^1.0.1' })
  expect(git(directory, 'show', 'sankofa/update-plain-1.2.0:package.json')).toContain('\n    "dependencies"')
  expect(git(directory, 'diff', '--name-only', 'main', 'sankofa/update-view-19.0.0').split('\n')).toEqual([
    'package-lock.json',
    'package.json',
  ])
  expect(git(directory, 'branch', '--list', 'sankofa/*').split('\n')).toHaveLength(4)

  // Nothing of the user's is touched, nothing stays.
  expect(git(directory, 'status', '--porcelain')).toBe(statusBefore)
  expect(readFileSync(join(directory, 'node_modules/plain/package.json'), 'utf8')).toContain('"1.0.0"')
  expect(git(directory, 'worktree', 'list').split('\n')).toHaveLength(1)
  expect(updateLines(report).join('\n')).toMatch(
    /✗ breaks 1\.0\.0 → 1\.1\.0 {2}a test fails: all\.test\.js > what breaks is one/,
  )

  // Again: what has its branch is left, only the failed one is tried.
  const tries: string[] = []
  const again = await updatePackages({
    directory,
    env: registry.env,
    onEvent: (event) => event.type === 'step' && tries.push(event.text),
  })
  expect(tries.slice(2)).toEqual(['Try breaks 1.0.0 → 1.1.0'])
  expect(stateOf(again.results, 'plain')).toMatchObject({
    state: 'nothing to do',
    reason: expect.stringContaining('merge it'),
  })
}, 180_000)

test('minor updates go before major ones, at most so many a run, and what failed before is tried last', async () => {
  const directory = await makeProject('few')
  const tried = async (most: number): Promise<readonly string[]> => {
    const tries: string[] = []
    await updatePackages({
      directory,
      env: registry.env,
      most,
      only: ['breaks', 'plain', 'view', 'view-dom'],
      onEvent: (event) => event.type === 'step' && tries.push(event.text),
    })
    return tries.slice(2)
  }

  expect(await tried(1)).toEqual(['Try breaks 1.0.0 → 1.1.0'])
  expect(await tried(2)).toEqual(['Try plain 1.0.0 → 1.2.0', 'Try view 18.0.0 → 19.0.0, view-dom 18.0.0 → 19.0.0'])
}, 120_000)

test('tests that fail before any update refuse the run, with their name', async () => {
  const directory = await makeProject('red', {
    'all.test.js': "require('node:test').test('always red', () => { throw new Error('x') })\n",
  })

  await expect(updatePackages({ directory, env: registry.env })).rejects.toMatchObject({
    code: 'UPDATE_REFUSED',
    message: expect.stringContaining('always red'),
  })
  expect(git(directory, 'worktree', 'list').split('\n')).toHaveLength(1)
}, 60_000)

test('an abort ends what runs and leaves no worktree and no branch', async () => {
  const directory = await makeProject('stopped')
  const abort = new AbortController()

  const run = updatePackages({
    directory,
    env: registry.env,
    signal: abort.signal,
    onEvent: (event) => event.type === 'step' && event.text.startsWith('Try') && abort.abort(new Error('stop')),
  })

  await expect(run).rejects.toThrow('stop')
  expect(git(directory, 'worktree', 'list').split('\n')).toHaveLength(1)
  expect(git(directory, 'branch', '--list', 'sankofa/*')).toBe('')
}, 60_000)

test('what a run that was killed left behind is gone after the next, its programs too', async () => {
  const directory = await makeProject('killed', {
    // The first test run hangs; the one of the next run does not.
    'hang.test.js': `
const { existsSync, writeFileSync } = require('node:fs')
require('node:test').test('hangs once', async () => {
  if (existsSync(process.env.HANG_FILE)) return
  writeFileSync(process.env.HANG_FILE, String(process.pid))
  await new Promise(() => setInterval(() => {}, 1000))
})\n`,
  })
  const hangFile = join(folder, 'hang')
  const script = `
    import { updatePackages } from ${JSON.stringify(join(import.meta.dirname, 'update-packages.ts'))}
    await updatePackages({ directory: ${JSON.stringify(directory)}, env: ${JSON.stringify({ ...registry.env, HANG_FILE: hangFile })} })`
  let updater = 0
  const killed = runCommand([process.execPath, '--conditions=sankofa-source', '--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    onStart: (pid) => {
      updater = pid
    },
  })
  await expect.poll(() => existsSync(hangFile), { timeout: 40_000 }).toBe(true)
  const hanging = identityOf(Number(readFileSync(hangFile, 'utf8')))
  expect(isAlive(hanging)).toBe(true)
  process.kill(updater, 'SIGKILL')
  await killed
  expect(git(directory, 'worktree', 'list').split('\n')).toHaveLength(2)

  const { cleaned } = await updatePackages({
    directory,
    env: { ...registry.env, HANG_FILE: hangFile },
    only: ['current'],
  })

  expect(cleaned).toHaveLength(1)
  expect(git(directory, 'worktree', 'list').split('\n')).toHaveLength(1)
  expect(leftBehind()).not.toContain(cleaned[0]?.split('/').at(-1))
  expect(isAlive(hanging)).toBe(false)
}, 120_000)
