import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readProject } from './project.ts'

/** A folder of files; objects become JSON. */
function folder(files: Readonly<Record<string, unknown>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-project-')))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    const file = join(root, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return root
}

const dependencies = { left: '1.0.0' }

test('a plain npm project is read with its own scripts', () => {
  const root = folder({
    'package.json': {
      name: 'shop',
      dependencies,
      scripts: { lint: 'eslint .', types: 'tsc', test: 'vitest', build: '' },
    },
    'package-lock.json': {},
  })

  const project = readProject(root)

  expect(project).toMatchObject({ name: 'shop', manager: 'npm', root, directory: root, node: { fits: true } })
  expect(project.scripts).toEqual({ lint: 'lint', typecheck: 'types', test: 'test' })
  expect(project.commands.cleanInstall.slice(0, 2)).toEqual(['npm', 'ci'])
  expect(project.commands.run('lint')).toEqual(['npm', 'run', 'lint'])
})

test('the lock file names the package manager, and tells old yarn from new', () => {
  const managerOf = (lock: string, content = ''): string =>
    readProject(folder({ 'package.json': { dependencies }, [lock]: content })).manager

  expect(managerOf('npm-shrinkwrap.json')).toBe('npm')
  expect(managerOf('pnpm-lock.yaml')).toBe('pnpm')
  expect(managerOf('yarn.lock', '# yarn lockfile v1\n')).toBe('yarn-classic')
  expect(managerOf('yarn.lock', '# generated\n\n__metadata:\n  version: 8\n')).toBe('yarn-berry')
})

test('lock files of two managers are refused unless package.json names one', () => {
  const locks = { 'package-lock.json': '{}', 'pnpm-lock.yaml': '' }

  expect(() => readProject(folder({ 'package.json': { dependencies }, ...locks }))).toThrow(
    /several package managers: package-lock\.json, pnpm-lock\.yaml\. Delete/,
  )
  expect(readProject(folder({ 'package.json': { packageManager: 'pnpm@12.0.0' }, ...locks })).manager).toBe('pnpm')
})

test('dependencies without a lock file are refused with the command that writes it; without dependencies none is needed', () => {
  expect(() => readProject(folder({ 'package.json': { dependencies } }))).toThrow(/Run "npm install" and commit/)
  expect(() => readProject(folder({ 'package.json': { dependencies }, 'bun.lock': '' }))).toThrow(/lock file of Bun/)
  expect(readProject(folder({ 'package.json': {} })).lockFile).toBeUndefined()
})

test('a script that only says "no test specified", or that calls this pipeline again, counts as none', () => {
  const scripts = {
    test: 'echo "Error: no test specified" && exit 1',
    lint: 'npx sankofa check --quick',
    check: 'sankofa check',
  }

  expect(readProject(folder({ 'package.json': { scripts } })).scripts).toEqual({})
})

test('a folder of a workspace has its own scripts and the lock file of the monorepo', () => {
  const root = folder({
    'package.json': { name: 'mono', workspaces: ['packages/*', '!packages/old'], scripts: { test: 'all' } },
    'package-lock.json': {},
    'packages/api/package.json': { name: '@mono/api', scripts: { test: 'vitest' } },
    'packages/api/src/main.ts': '',
    'packages/old/package.json': { name: 'old' },
    'packages/api/node_modules/x/package.json': { name: 'x' },
  })

  const project = readProject(join(root, 'packages/api/src'))

  expect(project).toMatchObject({ name: '@mono/api', root, directory: join(root, 'packages/api') })
  expect(project.lockFile).toBe(join(root, 'package-lock.json'))
  expect(project.packages.map(({ name }) => name)).toEqual(['mono', '@mono/api'])
})

test('the workspaces of pnpm are read from its own file', () => {
  const root = folder({
    'package.json': { name: 'mono', private: true },
    'pnpm-workspace.yaml': 'packages:\n  - "libs/**"\n',
    'pnpm-lock.yaml': '',
    'libs/a/b/package.json': { name: 'deep', dependencies },
  })

  expect(readProject(root).packages.map(({ name }) => name)).toEqual(['mono', 'deep'])
  expect(readProject(join(root, 'libs/a/b')).root).toBe(root)
})

test('a project in a folder of another one that does not name it stands alone', () => {
  const root = folder({
    'package.json': { name: 'outer', workspaces: ['packages/*'] },
    'package-lock.json': {},
    'examples/one/package.json': { name: 'one' },
  })

  expect(readProject(join(root, 'examples/one')).root).toBe(join(root, 'examples/one'))
})

test('the Node it wants is compared with the present one', () => {
  const needs = (files: Record<string, unknown>) => readProject(folder({ 'package.json': {}, ...files })).node
  const [major] = process.versions.node.split('.')

  expect(needs({ 'package.json': { engines: { node: '>=99' } } })).toMatchObject({ fits: false, from: 'package.json' })
  expect(needs({ '.nvmrc': `v${major}\n` })).toMatchObject({ fits: true, wanted: major, from: '.nvmrc' })
  expect(needs({ '.node-version': 'lts/*' })).toMatchObject({ fits: true, wanted: 'lts/*' })
})

test('what is wrong with a package.json is said with its folder', () => {
  expect(() => readProject(folder({ 'package.json': '{ "name": ' }))).toThrow(/pipeline-project-.*[\s\S]*is not JSON/)
  expect(() => readProject(folder({ 'package.json': { scripts: { test: 1 } } }))).toThrow(/"scripts" has to be/)
  expect(() =>
    readProject(
      folder({
        'package.json': { workspaces: ['*'] },
        'a/package.json': { name: 'same' },
        'b/package.json': { name: 'same' },
      }),
    ),
  ).toThrow(/Two workspaces are named "same": a, b/)
})
