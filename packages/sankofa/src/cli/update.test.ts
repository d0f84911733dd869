import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from '#harness'
import { sankofa } from './testing/project.ts'
import { commit, emptyFolder, git, write } from './testing/service-project.ts'

const nowhere = ''
const versions = ['1.0.0', '1.1.0'] as const

/** A registry on loopback of two packages with two versions each; what they export is told by `answers`. */
async function openRegistry(answers: Readonly<Record<string, readonly [number, number]>>): Promise<string> {
  const folder = emptyFolder()
  const tarballs = new Map<string, Buffer>()
  for (const [name, values] of Object.entries(answers)) {
    for (const [index, version] of versions.entries()) {
      const source = join(folder, `${name}-${version}`)
      write(source, {
        'package.json': JSON.stringify({ name, version }),
        'index.js': `module.exports = ${values[index]}\n`,
      })
      execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: source })
      tarballs.set(`/${name}/-/${name}-${version}.tgz`, readFileSync(join(folder, `${name}-${version}.tgz`)))
    }
  }
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const name = path.slice(1)
    const tarball = tarballs.get(path)
    if (tarball !== undefined) return void response.end(tarball)
    if (answers[name] === undefined) return void response.writeHead(404).end('{}')
    const entry = (version: string) => {
      const tar = `/${name}/-/${name}-${version}.tgz`
      const integrity = `sha512-${createHash('sha512')
        .update(tarballs.get(tar) ?? '')
        .digest('base64')}`
      return [version, { name, version, dist: { tarball: `http://${request.headers.host}${tar}`, integrity } }]
    }
    const body = {
      name,
      'dist-tags': { latest: versions[1] },
      versions: Object.fromEntries(versions.map(entry)),
      time: Object.fromEntries(versions.map((version) => [version, '2025-01-01T00:00:00.000Z'])),
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('each package gets its line and its branch, one that breaks the tests is reported with the test, and the answer is no', async () => {
  const registry = await openRegistry({ good: [1, 1], bad: [1, 2] })
  const folder = emptyFolder()
  vi.stubEnv('npm_config_registry', registry)
  vi.stubEnv('npm_config_cache', join(folder, '.npm'))
  onTestFinished(() => void vi.unstubAllEnvs())
  mkdirSync(join(folder, 'shop'))
  const shop = join(folder, 'shop')
  git(shop, 'init', '-q', '-b', 'main')
  write(shop, {
    'package.json': JSON.stringify({
      name: 'shop',
      private: true,
      scripts: { test: 'node --test' },
      dependencies: { good: '1.0.0', bad: '1.0.0' },
    }),
    'shop.test.js': `const { test } = require('node:test')
test('both are one', () => require('node:assert').deepEqual([require('good'), require('bad')], [1, 1]))\n`,
    '.gitignore': 'node_modules\n',
  })
  // Not synchronous: the registry answers in this process.
  await promisify(execFile)('npm', ['install', '--silent', '--no-audit', '--no-fund'], { cwd: shop })
  commit(shop, 'The shop', {})

  const updated = await sankofa(shop, nowhere, 'update')
  const again = await sankofa(shop, nowhere, 'update', 'good', '--json')

  expect(updated.code).toBe(1)
  expect(updated.out).toContain('✓ good 1.0.0 → 1.1.0  on sankofa/update-good-1.1.0')
  expect(updated.out).toMatch(/✗ bad 1\.0\.0 → 1\.1\.0 .*both are one/)
  expect(updated.out).toContain('Take one over with: git merge sankofa/update-good-1.1.0')
  expect(git(shop, 'branch', '--list', 'sankofa/*')).toBe('sankofa/update-good-1.1.0')
  expect(git(shop, 'status', '--porcelain')).toBe('')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.out.trim().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'end',
    results: [{ state: 'nothing to do', packages: [{ name: 'good' }] }],
  })
}, 180_000)

test('where nothing could tell whether an update works, none is made', async () => {
  const folder = emptyFolder()
  write(folder, { 'package.json': JSON.stringify({ name: 'shop' }) })

  const { code, err } = await sankofa(folder, nowhere, 'update')

  expect(code).toBe(1)
  expect(err).toContain('is in no git repository')
}, 60_000)
