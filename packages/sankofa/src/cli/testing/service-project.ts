import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from '#harness'

type Files = Readonly<Record<string, string>>

/** A service of three files, without dependencies: it answers with the release that it is. */
export const service: Files = {
  'package.json': JSON.stringify({ name: 'hello', version: '1.0.0', type: 'module', scripts: { test: 'node --test' } }),
  'sankofa.config.js': `export const config = { service: 'hello', release: { start: ['node', 'server.js'], readyWithinMs: 3000 } }\n`,
  'server.js': `import { createServer } from 'node:http'
const server = createServer((request, response) => response.end(process.env.SANKOFA_RELEASE))
server.listen(Number(process.env.PORT), '127.0.0.1')
process.once('SIGTERM', () => server.close(() => process.exit(0)))
`,
  'hello.test.js': `import test from 'node:test'\ntest('says hello', () => {})\n`,
}

/** An empty folder that goes when the test ends. */
export function emptyFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sankofa-service-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** Git as nobody in particular, with no setting of this machine. */
export const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=Ama', '-c', 'user.email=ama@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  }).trim()

/** Writes files and commits them. @returns the first digits of the commit, which name its release */
export function commit(folder: string, title: string, files: Files): string {
  write(folder, files)
  git(folder, 'add', '-A')
  git(folder, 'commit', '-q', '-m', title)
  return git(folder, 'rev-parse', 'HEAD').slice(0, 10)
}

/** The service in a repository of one commit. */
export function serviceRepository(files: Files = {}): string {
  const folder = emptyFolder()
  git(folder, 'init', '-q', '-b', 'main')
  commit(folder, 'The first', { ...service, ...files })
  return folder
}

/** The same with an origin whose default branch has that commit. */
export function serviceClone(files: Files = {}): string {
  const origin = serviceRepository(files)
  const folder = emptyFolder()
  git(folder, 'clone', '-q', origin, '.')
  return folder
}
