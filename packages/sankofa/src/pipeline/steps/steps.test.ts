import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readProject } from '../project.ts'
import { runCommand } from '../run-command.ts'
import { type RunOutcome, runSteps } from '../run-steps.ts'
import { startRegistry, type TestRegistry } from '../testing/npm-registry.ts'
import { installStep } from './install.ts'
import { buildStep, lintStep, testStep, typecheckStep } from './script-steps.ts'
import { type MeasuredSize, sizeStep } from './size.ts'

let folder: string
let registry: TestRegistry

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipeline-steps-'))
  const publishedAt = new Date('2020-01-01')
  registry = await startRegistry(folder, {
    packages: ['1.0.0', '1.0.1'].map((version) => ({ name: 'one', version, publishedAt, files: { 'index.js': '' } })),
  })
}, 60_000)

afterAll(async () => {
  await registry.close()
  rmSync(folder, { recursive: true })
})

async function make(name: string, files: Readonly<Record<string, unknown>>): Promise<string> {
  const directory = join(folder, name)
  mkdirSync(directory)
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return directory
}

const describeSteps = (outcome: RunOutcome): readonly string[] =>
  outcome.steps.map(({ id, state, detail }) => `${id} ${state}: ${detail.replace(/[\d.]+ m?s$/, 'N s')}`)

test('a project is installed, checked, tested and built by its own scripts; what it has not is said', async () => {
  const directory = await make('whole', {
    'package.json': {
      name: 'whole',
      version: '1.0.0',
      dependencies: { one: '1.0.0' },
      scripts: {
        lint: 'node -e 0',
        test: 'node --test',
        build: "node -e \"require('fs').writeFileSync('built', '')\"",
      },
    },
    'a.test.js': "require('one'); require('node:test').test('adds', () => {})",
    '.npmrc': `registry=${registry.url}/\ncache=${join(folder, 'cache')}\n`,
  })
  await runCommand(['npm', 'install', '--package-lock-only'], { cwd: directory, env: registry.env })
  const project = readProject(directory)
  const steps = [installStep(project), lintStep(project), typecheckStep(project), testStep(project), buildStep(project)]

  expect(describeSteps(await runSteps(steps))).toEqual([
    'install done: 1 package with npm in N s',
    'lint done: npm run lint passed in N s',
    'typecheck skipped: package.json has no script for it ("typecheck")',
    'test done: npm run test passed in N s',
    'build done: npm run build passed in N s',
  ])
  expect(statSync(join(directory, 'built')).size).toBe(0)

  const again = await runSteps([installStep(project)])
  expect(describeSteps(again)).toEqual(['install skipped: package-lock.json is installed already'])
  rmSync(join(directory, 'node_modules'), { recursive: true })
  expect((await runSteps([installStep(project)])).steps[0]?.state).toBe('done')
}, 60_000)

test('what npm installed by itself is not installed again, unless something is missing or other', async () => {
  const directory = await make('by-npm', {
    'package.json': { name: 'by-npm', version: '1.0.0', dependencies: { one: '1.0.0' } },
    '.npmrc': `registry=${registry.url}/\ncache=${join(folder, 'cache')}\n`,
  })
  await runCommand(['npm', 'install'], { cwd: directory, env: registry.env })
  const isSkipped = async (): Promise<boolean> => (await installStep(readProject(directory)).skip?.()) !== undefined
  expect(await isSkipped()).toBe(true)

  const hidden = join(directory, 'node_modules/.package-lock.json')
  const text = readFileSync(hidden, 'utf8')
  const other = text.replace(/("node_modules\/one": \{\s*"version": )"1\.0\.0"/, '$1"1.0.1"')
  expect(other).not.toBe(text)
  writeFileSync(hidden, other)
  expect(await isSkipped()).toBe(false)
  writeFileSync(hidden, text.replace('node_modules/one', 'node_modules/other'))
  expect(await isSkipped()).toBe(false)
}, 60_000)

test('a lock file that does not agree with package.json is named, with the command', async () => {
  const manifest = { name: 'apart', version: '1.0.0', dependencies: { one: '1.0.0' } }
  const directory = await make('apart', {
    'package.json': manifest,
    '.npmrc': `registry=${registry.url}/\ncache=${join(folder, 'cache')}\n`,
  })
  await runCommand(['npm', 'install', '--package-lock-only'], { cwd: directory, env: registry.env })
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ ...manifest, dependencies: { one: '1.0.1' } }))

  const { failure } = await runSteps([installStep(readProject(directory))])

  expect(failure).toMatchObject({
    reason:
      "The lock file does not agree with package.json (Invalid: lock file's one@1.0.0 does not satisfy one@1.0.1).",
    next: 'Run "npm install" and commit the lock file.',
  })
}, 60_000)

test('a Node that the project does not want stops before anything is installed', async () => {
  const directory = await make('old', {
    'package.json': { dependencies: { one: '1' }, engines: { node: '^8' } },
    'package-lock.json': {},
  })

  const { failure } = await runSteps([installStep(readProject(directory))])

  expect(failure?.reason).toBe(`This is Node ${process.versions.node}, and package.json wants ^8.`)
})

test('failing tests and types are named by the first of them', async () => {
  const directory = await make('red', {
    'package.json': {
      scripts: {
        test: 'node --test',
        types: 'node -e "console.log(\'src/a.ts(1,2): error TS2322: no\'); process.exit(2)"',
      },
    },
    'a.test.js': "require('node:test').test('adds', () => { throw new Error('1') })",
  })
  const project = readProject(directory)

  expect((await runSteps([testStep(project)])).failure?.reason).toBe('A test failed: a.test.js > adds.')
  expect((await runSteps([typecheckStep(project)])).failure?.reason).toBe(
    '1 type error, the first: src/a.ts(1,2): error TS2322: no',
  )
})

const size: MeasuredSize = {
  lines: 900,
  files: 12,
  migrations: ['0001', '0002'],
  flags: [],
  dependencies: [{ named: true }, { named: false }],
}

test('a change within the budget is told in one line; one above it stops and proposes how to split', async () => {
  const options = { measure: async () => size, propose: () => ['1. the migrations', '2. packages/shop behind a flag'] }

  const within = await runSteps([sizeStep({ ...options, budget: { lines: 900, dependencies: 1 } })])
  expect(within.steps[0]?.detail).toBe('900 lines, 12 files, 2 migrations, 1 dependency')

  const above = await runSteps([sizeStep({ ...options, budget: { lines: 400, migrations: 1 } })])
  expect(above.failure).toMatchObject({
    reason: 'This change is too large to see what it does: 900 lines (400 allowed), 2 migrations (1 allowed).',
    next: expect.stringContaining('--big "why"'),
    lastLines: ['1. the migrations', '2. packages/shop behind a flag'],
  })
})

test('a large change goes through with a reason, and the reason is kept', async () => {
  const kept: unknown[] = []
  const step = sizeStep({
    measure: async () => size,
    propose: () => [],
    budget: { lines: 1 },
    big: 'a rename',
    onBig: (reason, over) => void kept.push(reason, over),
  })

  expect((await runSteps([step])).steps[0]).toMatchObject({
    state: 'done',
    detail: expect.stringContaining('let through: a rename'),
  })
  expect(kept).toEqual(['a rename', ['900 lines (1 allowed)']])
})

test('nothing to compare with is said, and no pass', async () => {
  const step = sizeStep({ measure: async () => undefined, propose: () => [], budget: { lines: 1 } })

  expect((await runSteps([step])).steps[0]).toMatchObject({
    state: 'skipped',
    detail: expect.stringContaining('nothing runs yet'),
  })
})
