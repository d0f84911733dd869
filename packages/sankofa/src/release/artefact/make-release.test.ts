import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '#harness'
import { type Layout, layoutOf } from '../layout.ts'
import { listFiles } from './file-list.ts'
import { type MakeOptions, makeRelease } from './make-release.ts'
import { readRelease } from './read-release.ts'
import type { MadeRelease } from './reuse.ts'
import type { Source } from './source/source.ts'
import {
  commitAll,
  git,
  sampleProject,
  start,
  tarOf,
  temporaryFolder,
  temporaryLayout,
  write,
} from './testing/sample-project.ts'

const make = (layout: Layout, source: Source, more: Partial<MakeOptions> = {}): Promise<MadeRelease> =>
  makeRelease({ layout, service: 'shop', source, start, madeBy: 'ama', ...more })

const run = (folder: string, ...args: readonly string[]): string =>
  execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).trim()

/** What is visible, and what a maker left. */
const visible = (layout: Layout): readonly string[] => (existsSync(layout.releases) ? readdirSync(layout.releases) : [])

describe('from git', () => {
  test('a release is what was committed, with its dependencies, named by its commit', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const commit = git(project, 'rev-parse', 'HEAD')

    const made = await make(layout, { kind: 'git', repository: project, ref: 'main' })

    expect(made.manifest).toMatchObject({
      service: 'shop',
      release: commit.slice(0, 10),
      source: { kind: 'git', from: 'main', commit, title: 'a shop that greets', author: 'Ama' },
      node: process.versions.node,
      start,
    })
    expect(made.reused).toBe(false)
    expect(made.path).toBe(layout.release(made.manifest.release))
    expect(run(made.path, 'server.js')).toBe('HELLO!')
    expect(statSync(join(made.path, 'bin/run.sh')).mode & 0o777).toBe(0o755)
    expect(visible(layout)).toEqual([made.manifest.release])
    expect(await readRelease(layout, made.manifest.release)).toEqual(made.manifest)
    expect(made.steps.map((each) => each.step)).toEqual([
      'look',
      'files',
      'dependencies',
      'keep dependencies',
      'link',
      'manifest',
      'to disk',
      'publish',
    ])
  })

  test('the same commit again is the same release, at once; another commit shares the installed dependencies', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const first = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })

    const again = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })
    write(project, { 'server.js': "console.log('other')\n" })
    commitAll(project, 'another')
    const next = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })

    expect(again).toMatchObject({ reused: true, path: first.path, manifest: first.manifest })
    expect(next.reused).toBe(false)
    expect(next.steps.find((each) => each.step === 'dependencies')?.detail).toBe('installed before (npm)')
    expect(readdirSync(layout.store)).toHaveLength(1)
    expect(realpathSync(join(next.path, 'node_modules/shout'))).toBe(
      realpathSync(join(first.path, 'node_modules/shout')),
    )
  })

  test('what is not committed is named and not shipped', async () => {
    const project = await sampleProject()
    write(project, { 'server.js': 'throw new Error()\n', 'secret.txt': 'x' })

    const made = await make(temporaryLayout(), { kind: 'git', repository: project, ref: 'HEAD' })

    expect(run(made.path, 'server.js')).toBe('HELLO!')
    expect(existsSync(join(made.path, 'secret.txt'))).toBe(false)
    expect(made.warnings).toEqual(['not committed, so not shipped: server.js, secret.txt'])
  })

  test('a patch is applied on top and named in the id, also where the host lies within a repository', async () => {
    const project = await sampleProject()
    const around = await sampleProject()
    const layout = temporaryLayout()
    write(project, { 'server.js': "console.log('patched')\n" })
    const patch = git(project, 'diff')
    git(project, 'checkout', '-q', '.')
    const inside = layoutOf(join(around, '.sankofa'))

    const made = await make(inside, { kind: 'git', repository: project, ref: 'HEAD', patch })
    const wrong = make(layout, {
      kind: 'git',
      repository: project,
      ref: 'HEAD',
      patch: patch.replace('shout', 'shoot'),
    })

    expect(run(made.path, 'server.js')).toBe('patched')
    expect(made.manifest.release).toMatch(/^[0-9a-f]{10}\.[0-9a-f]{6}$/)
    await expect(wrong).rejects.toMatchObject({ code: 'RELEASE_STEP_FAILED', message: /applying the patch failed/ })
    expect(visible(layout)).toEqual([])
  })

  test.each([
    ['no-such-branch', /no such commit/],
    ['--output=/tmp/sankofa-artefact-option', /no such commit/],
  ])('the ref %s is refused', async (ref, reason) => {
    const project = await sampleProject()

    const wrong = make(temporaryLayout(), { kind: 'git', repository: project, ref })

    await expect(wrong).rejects.toMatchObject({ code: 'RELEASE_SOURCE_WRONG', message: reason })
    expect(existsSync('/tmp/sankofa-artefact-option')).toBe(false)
  })

  test('other start settings for the same commit are another release', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const source = { kind: 'git', repository: project, ref: 'HEAD' } as const
    const first = await make(layout, source)

    const other = await make(layout, source, { start: { ...start, environment: { MODE: 'b' } } })
    const otherAgain = await make(layout, source, { start: { ...start, environment: { MODE: 'b' } } })
    const firstAgain = await make(layout, source)

    expect(other.manifest.release).toMatch(new RegExp(`^${first.manifest.release}\\.s[0-9a-f]{6}$`))
    expect([otherAgain.reused, otherAgain.path]).toEqual([true, other.path])
    expect([firstAgain.reused, firstAgain.path]).toEqual([true, first.path])
  })
})

describe('from a folder', () => {
  test('what git would know is shipped; ignored files, installed modules and the host itself are not', async () => {
    const project = await sampleProject()
    const layout = layoutOf(join(project, 'host'))
    write(project, {
      'new.js': '',
      '.env': 'SECRET=1',
      '.gitignore': '.env\n',
      'host/own.txt': '',
      'node_modules/x/y.js': '',
    })
    rmSync(join(project, 'bin/run.sh'))

    const made = await make(layout, { kind: 'directory', path: project })

    const files = (await listFiles(made.path)).map((file) => file.path)
    expect(files).toContain('new.js')
    expect(files.filter((path) => /^\.env|^host|node_modules|run\.sh/.test(path))).toEqual([])
    expect(made.manifest.release).toBe(`d${made.manifest.digest.slice(0, 10)}`)
    expect(run(made.path, 'server.js')).toBe('HELLO!')
  })

  test('without git everything goes; the same content elsewhere is the same release', async () => {
    const layout = temporaryLayout()
    const [one, two] = [temporaryFolder(), temporaryFolder()]
    for (const folder of [one, two])
      write(folder, {
        'server.js': "console.log('plain')",
        '.git-not/x': '',
        '.sankofa/run': '',
        'sub/node_modules/a.js': '',
      })

    const made = await make(layout, { kind: 'directory', path: one })
    const again = await make(layout, { kind: 'directory', path: two })

    expect((await listFiles(made.path)).map((file) => file.path)).toEqual(['.git-not/x', 'server.js'])
    expect(again).toMatchObject({ reused: true, path: made.path })
    expect(made.steps.find((each) => each.step === 'dependencies')?.detail).toBe('none')
  })

  test('a folder that the repository around it ignores is shipped whole', async () => {
    const project = await sampleProject({ '.gitignore': 'out/\n' })
    write(project, { 'out/server.js': '' })

    const made = await make(temporaryLayout(), { kind: 'directory', path: join(project, 'out') })

    expect((await listFiles(made.path)).map((file) => file.path)).toEqual(['server.js'])
  })

  test('links that lead outside are refused by name, those inside are kept', async () => {
    const folder = temporaryFolder()
    write(folder, { 'a/file.txt': 'x' })
    symlinkSync('file.txt', join(folder, 'a/inside'))
    const good = await make(temporaryLayout(), { kind: 'directory', path: folder })
    symlinkSync('/etc/passwd', join(folder, 'absolute'))
    symlinkSync('../../etc', join(folder, 'a/upward'))
    symlinkSync('a/../../x', join(folder, 'sideways'))
    const layout = temporaryLayout()

    const wrong = make(layout, { kind: 'directory', path: folder })

    expect(readlinkSync(join(good.path, 'a/inside'))).toBe('file.txt')
    await expect(wrong).rejects.toMatchObject({
      code: 'RELEASE_FILES_REFUSED',
      details: {
        files: [/^a\/upward links/, /^absolute links/, /^sideways links/].map((each) => expect.stringMatching(each)),
      },
    })
    expect(visible(layout)).toEqual([])
  })
})

describe('from a tarball', () => {
  test('what npm packs is shipped without its folder', async () => {
    const folder = temporaryFolder()
    const packed = await tarOf({
      'package/package.json': '{}',
      'package/server.js': "console.log('packed')",
      'package/package/x': '',
    })
    writeFileSync(join(folder, 'a.tgz'), gzipSync(packed))

    const made = await make(temporaryLayout(), { kind: 'tarball', path: join(folder, 'a.tgz') })

    expect(run(made.path, 'server.js')).toBe('packed')
    expect((await listFiles(made.path)).map((file) => file.path)).toEqual(['package.json', 'package/x', 'server.js'])
  })

  test.each([
    ['nothing at all', Buffer.alloc(0), /no file in it/],
    ['no tar', Buffer.from('x'.repeat(2000)), /no tar archive/],
    ['torn gzip', gzipSync(Buffer.alloc(20_000, 'x')).subarray(0, 40), /cannot be unpacked/],
  ])('%s is told', async (_, bytes, reason) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'a.tgz'), bytes)
    const layout = temporaryLayout()

    const wrong = make(layout, { kind: 'tarball', path: join(folder, 'a.tgz') })

    await expect(wrong).rejects.toMatchObject({ code: 'RELEASE_SOURCE_WRONG', message: reason })
    expect(visible(layout)).toEqual([])
  })
})

describe('dependencies', () => {
  test('without a lock file there is a refusal that says what to do', async () => {
    const folder = temporaryFolder()
    write(folder, { 'package.json': JSON.stringify({ dependencies: { fastify: '5' } }) })

    const wrong = make(temporaryLayout(), { kind: 'directory', path: folder })

    await expect(wrong).rejects.toMatchObject({
      code: 'DEPENDENCIES_UNLOCKED',
      message: /fastify.*commit package-lock\.json/,
    })
  })

  test('a lock file that does not fit package.json fails with the words of npm', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    await make(layout, { kind: 'directory', path: project })
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { dependencies: object }
    write(project, {
      'package.json': JSON.stringify({ ...manifest, dependencies: { ...manifest.dependencies, left: 'file:x.tgz' } }),
    })

    const wrong = make(layout, { kind: 'directory', path: project })

    await expect(wrong).rejects.toMatchObject({ code: 'RELEASE_STEP_FAILED', message: /npm ci/ })
    expect(visible(layout)).toHaveLength(1)
    expect(readdirSync(layout.store)).toHaveLength(1)
  })

  test('packages of the project itself are the release own, and what they need comes from the store', async () => {
    const project = await sampleProject({ 'server.js': "console.log(require('@sample/own'))\n" }, { workspaces: true })
    const layout = temporaryLayout()

    const first = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })
    write(project, { 'parts/own/index.js': "module.exports = 'changed'\n" })
    commitAll(project, 'own package changes')
    const second = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })

    expect(run(first.path, 'server.js')).toBe('own says hello')
    expect(run(second.path, 'server.js')).toBe('changed')
    expect(readlinkSync(join(first.path, 'node_modules/@sample/own'))).toBe('../../parts/own')
    expect(lstatSync(join(first.path, 'node_modules')).isDirectory()).toBe(true)
    expect(readdirSync(layout.store)).toHaveLength(1)
  })

  test('an installed package that needs one of the project finds that of its own release', async () => {
    const files = { 'server.js': "console.log(require('bundle'))\n" }
    const project = await sampleProject(files, { workspaces: true })
    const layout = temporaryLayout()

    const first = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })
    write(project, { 'parts/own/index.js': "module.exports = 'changed'\n" })
    commitAll(project, 'own package changes')
    const second = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })

    expect(run(first.path, 'server.js')).toBe('bundle of plugin: own says hello')
    expect(run(second.path, 'server.js')).toBe('bundle of plugin: changed')
  })

  test('files in the store are read-only, and programs of packages are found', async () => {
    const project = await sampleProject()

    const made = await make(temporaryLayout(), { kind: 'git', repository: project, ref: 'HEAD' })

    const file = realpathSync(join(made.path, 'node_modules/whisper/index.js'))
    expect(statSync(file).mode & 0o222).toBe(0)
    expect(execFileSync(join(made.path, 'node_modules/.bin/shout'), { encoding: 'utf8' })).toBe('')
    mkdirSync(join(made.path, 'node_modules/.cache'))
  })

  test('an installed node_modules of the same lock file is taken over; one that differs is not', async () => {
    const project = await sampleProject()
    execFileSync('npm', ['ci', '--offline'], { cwd: project, stdio: 'pipe' })
    const took = await make(temporaryLayout(), { kind: 'directory', path: project })
    const file = join(project, 'node_modules/whisper/package.json')
    const isShared = statSync(file).ino === statSync(join(took.path, 'node_modules/whisper/package.json')).ino
    rmSync(file)
    writeFileSync(file, JSON.stringify({ name: 'whisper', version: '9.9.9' }))

    const installed = await make(temporaryLayout(), { kind: 'directory', path: project })

    expect(took.steps.find((each) => each.step === 'dependencies')?.detail).toMatch(/^taken over from .*: \d+ files$/)
    expect(run(took.path, 'server.js')).toBe('HELLO!')
    expect(isShared).toBe(true)
    expect(installed.steps.find((each) => each.step === 'dependencies')?.detail).toMatch(
      /^npm ci.*not taken over from the folder: node_modules\/whisper is 9\.9\.9, not 1\.0\.0/,
    )
    expect(run(installed.path, 'server.js')).toBe('HELLO!')
  })

  test('a project with install scripts of its own shares its dependencies with no other content', async () => {
    const project = await sampleProject(
      { 'greeting.txt': 'first' },
      { scripts: { postinstall: "node -e \"fs.cpSync('greeting.txt', 'node_modules/greeting.txt')\"" } },
    )
    const layout = temporaryLayout()

    const first = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })
    write(project, { 'greeting.txt': 'second' })
    commitAll(project, 'another greeting')
    const second = await make(layout, { kind: 'git', repository: project, ref: 'HEAD' })

    const greeting = (made: MadeRelease): string => readFileSync(join(made.path, 'node_modules/greeting.txt'), 'utf8')
    expect([greeting(first), greeting(second)]).toEqual(['first', 'second'])
  })
})

describe('the build', () => {
  test('runs in the release after the install, and what it makes is shipped', async () => {
    const project = await sampleProject({ '.gitignore': 'node_modules/\ndist/\n' })
    const build = ['node', '-e', "fs.mkdirSync('dist'); fs.writeFileSync('dist/out.js', require('shout'))"]

    const made = await make(temporaryLayout(), { kind: 'git', repository: project, ref: 'HEAD' }, { build })

    expect(readFileSync(join(made.path, 'dist/out.js'), 'utf8')).toBe('HELLO!')
    expect((await listFiles(made.path)).map((file) => file.path)).toContain('dist/out.js')
  })

  test('that fails leaves nothing visible and tells its last words', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const build = ['node', '-e', "console.error('types are wrong in cart.ts'); process.exit(3)"]

    const wrong = make(layout, { kind: 'git', repository: project, ref: 'HEAD' }, { build })

    await expect(wrong).rejects.toMatchObject({
      code: 'RELEASE_STEP_FAILED',
      message: /ended with 3.*types are wrong in cart\.ts/s,
    })
    expect(visible(layout)).toEqual([])
  })

  test('that is aborted is ended with what it started', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const abort = new AbortController()
    const pidFile = join(temporaryFolder(), 'pid')
    const script = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(require('child_process').spawn('sleep', ['600']).pid)); setInterval(() => {}, 1000)`
    const making = make(
      layout,
      { kind: 'git', repository: project, ref: 'HEAD' },
      { build: ['node', '-e', script], signal: abort.signal },
    )
    await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', { timeout: 20_000 }).toBe(true)

    abort.abort(new Error('a person said stop'))

    await expect(making).rejects.toThrow('a person said stop')
    const pid = Number(readFileSync(pidFile, 'utf8'))
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 6_000 }).toBe(false)
    expect(visible(layout)).toEqual([])
  })
})
