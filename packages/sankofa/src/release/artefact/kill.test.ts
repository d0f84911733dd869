import { execFileSync } from 'node:child_process'
import { createWriteStream, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from '#harness'
import type { ReleaseId } from '../../core/index.ts'
import { type Layout, layoutOf } from '../layout.ts'
import { makeRelease } from './make-release.ts'
import { checkRelease, packRelease } from './pack-release.ts'
import { pruneReleases } from './prune-releases.ts'
import { listReleases } from './read-release.ts'
import { startMaker } from './testing/maker-child.ts'
import { git, sampleProject, start, temporaryFolder, temporaryLayout } from './testing/sample-project.ts'

const names = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : [])
const isWhole = (name: string): boolean => !name.includes('.part') && !name.endsWith('.lock')

/** All that is visible can be used: its files are what was shipped, and it runs. */
async function mustBeWhole(layout: Layout): Promise<void> {
  for (const name of names(layout.releases).filter(isWhole)) {
    await checkRelease(layout, name as ReleaseId)
    const said = execFileSync(process.execPath, ['server.js'], {
      cwd: layout.release(name as ReleaseId),
      encoding: 'utf8',
    })
    expect(said.trim()).toBe('HELLO!')
  }
}

/** Its install takes two seconds, and says by a file when it is at it. */
async function slowProject(): Promise<{ readonly sign: string; readonly project: string }> {
  const sign = join(temporaryFolder(), 'sign')
  const postinstall = `node -e "require('fs').writeFileSync('${sign}', String(process.pid)); setTimeout(() => require('fs').writeFileSync('node_modules/late.txt', ''), 2000)"`
  return { sign, project: await sampleProject({}, { scripts: { postinstall } }) }
}

const steps = ['look', 'files', 'dependencies', 'keep dependencies', 'link', 'build', 'manifest', 'to disk', 'publish']
/** Between the end of a step and the next one's begin nothing is done, but for the rename of the dependencies. */
const moments = [...steps.map((step) => `${step} begun`), 'keep dependencies done', 'publish done']

describe('kill -9 of the maker', () => {
  test.each(moments)(
    'at "%s" leaves the whole release or none, and its successor makes it',
    async (pauseAt) => {
      const project = await sampleProject()
      const layout = temporaryLayout()
      const source = { kind: 'git', repository: project, ref: 'HEAD' } as const
      const orders = { root: layout.root, source, build: ['node', '-e', "fs.writeFileSync('built.txt', 'x')"] }
      const maker = startMaker({ ...orders, pauseAt })
      const said = await maker.hears()
      const signal = await maker.kill()

      const seen = (await listReleases(layout)).length
      await mustBeWhole(layout)
      const successor = startMaker(orders)
      const result = await successor.hears()

      expect([said.word, signal]).toEqual(['paused', 'SIGKILL'])
      expect(seen).toBe(pauseAt === 'publish done' ? 1 : 0)
      expect(result).toMatchObject({
        word: 'done',
        release: git(project, 'rev-parse', 'HEAD').slice(0, 10),
        reused: seen === 1,
      })
      await mustBeWhole(layout)
      await pruneReleases(layout, { keep: 5, inUse: [] })
      expect(names(layout.releases)).toEqual([result.release])
      expect(names(layout.store).filter((name) => !isWhole(name))).toEqual([])
      expect(names(layout.store)).toHaveLength(1)
    },
    60_000,
  )

  test('while npm is at work: npm lives on for a while, and harms nothing', async () => {
    const { sign, project } = await slowProject()
    const layout = temporaryLayout()
    const orders = { root: layout.root, source: { kind: 'git', repository: project, ref: 'HEAD' } as const }
    const maker = startMaker(orders)
    await expect.poll(() => existsSync(sign), { timeout: 20_000 }).toBe(true)
    expect(await maker.kill()).toBe('SIGKILL')
    const orphan = Number(readFileSync(sign, 'utf8'))
    expect(existsSync(`/proc/${orphan}`)).toBe(true)

    const gone = await pruneReleases(layout, { keep: 5, inUse: [] })
    const result = await startMaker(orders).hears()

    expect(gone).toEqual([])
    expect(result).toMatchObject({ word: 'done', reused: false })
    await mustBeWhole(layout)
    await expect.poll(() => existsSync(`/proc/${orphan}`), { timeout: 20_000 }).toBe(false)
    await pruneReleases(layout, { keep: 5, inUse: [] })
    expect([...names(layout.releases), ...names(layout.store)].filter((name) => !isWhole(name))).toEqual([])
  }, 60_000)

  test('while it unpacks leaves the whole release or none', async () => {
    const project = await sampleProject()
    const here = temporaryLayout()
    const made = await makeRelease({
      layout: here,
      service: 'shop',
      source: { kind: 'git', repository: project, ref: 'HEAD' },
      start,
      madeBy: 'ama',
    })
    const packed = join(temporaryFolder(), 'release.tar.gz')
    await pipeline(await packRelease(here, made.manifest.release), createWriteStream(packed))
    for (const pauseAt of ['files begun', 'files done', 'link done', 'publish begun', 'publish done']) {
      const there = temporaryLayout()
      const maker = startMaker({ root: there.root, packed, pauseAt })
      expect((await maker.hears()).word, pauseAt).toBe('paused')
      expect(await maker.kill()).toBe('SIGKILL')

      await mustBeWhole(there)
      const result = await startMaker({ root: there.root, packed }).hears()

      expect(result).toMatchObject({ word: 'done', release: made.manifest.release, reused: pauseAt === 'publish done' })
      await mustBeWhole(there)
    }
  }, 60_000)
})

describe('two makers at once', () => {
  test('of one release: the second waits and uses what the first made', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const source = { kind: 'git', repository: project, ref: 'HEAD' } as const
    const first = startMaker({ root: layout.root, source, pauseAt: 'link begun' })
    expect((await first.hears()).word).toBe('paused')

    const second = startMaker({ root: layout.root, source })
    // It has copied its own files aside once it waits for the lock.
    await expect
      .poll(() => names(layout.releases).filter((name) => name.includes('.part.')).length, { timeout: 20_000 })
      .toBeGreaterThan(1)
    const ofSecond = second.hears()
    // Everything is installed: without the wait it would be done in a third of the time.
    expect(await Promise.race([ofSecond, delay(1_500, 'waits')])).toBe('waits')
    first.goOn()
    const results = [await first.hears(), await ofSecond]

    expect(results.map((each) => [each.word, each.reused])).toEqual([
      ['done', false],
      ['done', true],
    ])
    expect(names(layout.releases)).toHaveLength(1)
    expect(names(layout.store)).toHaveLength(1)
    await mustBeWhole(layout)
  }, 60_000)

  test('six in a heap, with a dead one before them, leave one release and nothing else', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const source = { kind: 'directory', path: project } as const
    const dead = startMaker({ root: layout.root, source, pauseAt: 'dependencies begun' })
    expect((await dead.hears()).word).toBe('paused')
    await dead.kill()
    expect(names(layout.releases).some((name) => name.endsWith('.lock'))).toBe(true)

    const makers = Array.from({ length: 6 }, () => startMaker({ root: layout.root, source }))
    const results = await Promise.all(makers.map((maker) => maker.hears()))

    expect(results.map((each) => each.word)).toEqual(Array(6).fill('done'))
    expect(new Set(results.map((each) => each.release)).size).toBe(1)
    await pruneReleases(layout, { keep: 1, inUse: [] })
    expect(names(layout.releases)).toHaveLength(1)
    expect(names(layout.store)).toHaveLength(1)
    await mustBeWhole(layout)
  }, 60_000)
})

describe('a disk that is full', () => {
  test('is told with the place, and nothing is left', async () => {
    const project = await sampleProject({ 'large.txt': 'x'.repeat(300_000) })
    const layout = temporaryLayout()
    const source = { kind: 'git', repository: project, ref: 'HEAD' } as const

    const result = await startMaker({ root: layout.root, source }, { limit: 100 }).hears()
    const later = await startMaker({ root: layout.root, source }).hears()

    expect(result).toMatchObject({ word: 'failed', code: 'RELEASE_UNWRITABLE', message: /EFBIG/ })
    expect(later).toMatchObject({ word: 'done', reused: false })
    expect(names(layout.releases)).toEqual([later.release])
  }, 60_000)

  test('while the dependencies are installed leaves none of them', async () => {
    const project = await sampleProject()
    const layout = temporaryLayout()
    const source = { kind: 'directory', path: project } as const
    execFileSync('npm', ['ci', '--offline'], { cwd: project, stdio: 'pipe' })
    writeFileSync(join(project, 'node_modules/whisper/index.js'), `module.exports = 'hello' //${'x'.repeat(300_000)}\n`)
    rmSync(join(project, 'node_modules/.package-lock.json'))
    // npm itself fails at its own files; what it says is kept.
    const result = await startMaker({ root: layout.root, source }, { limit: 1 }).hears()

    expect(result.word).toBe('failed')
    expect(['RELEASE_STEP_FAILED', 'RELEASE_UNWRITABLE']).toContain(result.code)
    expect(result.message).toMatch(/EFBIG|too large|the install of its dependencies failed/i)
    expect([...names(layout.releases), ...names(layout.store)]).toEqual([])
    // Not every npm says why, so the limit itself is shown to be the reason: without it the same is made.
    expect(await startMaker({ root: layout.root, source }).hears()).toMatchObject({ word: 'done' })
  }, 60_000)

  test('or a file where the folder should be is told', async () => {
    const project = await sampleProject()
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'releases'), '')
    const source = { kind: 'git', repository: project, ref: 'HEAD' } as const

    const making = makeRelease({ layout: layoutOf(folder), service: 'shop', source, start, madeBy: 'ama' })

    await expect(making).rejects.toMatchObject({
      code: 'RELEASE_UNWRITABLE',
      details: { path: expect.stringContaining(join(folder, 'releases')) },
    })
  })
})
