import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from '#harness'
import type { ReleaseId } from '../../core/index.ts'
import { type Layout, manifestFile } from '../layout.ts'
import { makeRelease } from './make-release.ts'
import { thisMaker } from './maker.ts'
import { checkRelease, packRelease, unpackRelease } from './pack-release.ts'
import { pruneReleases } from './prune-releases.ts'
import { listReleases, readRelease } from './read-release.ts'
import type { MadeRelease } from './reuse.ts'
import { commitAll, sampleProject, start, temporaryFolder, temporaryLayout, write } from './testing/sample-project.ts'

const make = (layout: Layout, repository: string, ref = 'HEAD'): Promise<MadeRelease> =>
  makeRelease({ layout, service: 'shop', source: { kind: 'git', repository, ref }, start, madeBy: 'ama' })

/** A release each of so many commits; the last is the newest. */
async function several(layout: Layout, count: number): Promise<readonly ReleaseId[]> {
  const project = await sampleProject()
  const ids: ReleaseId[] = []
  for (let index = 0; index < count; index += 1) {
    write(project, { 'number.txt': String(index) })
    commitAll(project, `number ${index}`)
    ids.push((await make(layout, project)).manifest.release)
  }
  return ids
}

describe('reading', () => {
  test('the newest comes first; what is being made and what is damaged are none', async () => {
    const layout = temporaryLayout()
    const ids = await several(layout, 3)
    mkdirSync(layout.part('0123456789' as ReleaseId), { recursive: true })
    mkdirSync(join(layout.releases, 'empty'))
    writeFileSync(join(layout.release(ids[1] ?? ('' as ReleaseId)), manifestFile), '{')

    const listed = await listReleases(layout)

    expect(listed.map((each) => each.release)).toEqual([ids[2], ids[0]])
    expect(await listReleases(temporaryLayout())).toEqual([])
  })

  test.each([
    ['torn', (text: string) => text.slice(0, 100), /torn after 100 characters/],
    ['empty', () => '', /torn after 0 characters/],
    ['of a later format', (text: string) => text.replace('"format": 1', '"format": 7'), /format 7, written by a newer/],
    ['without a part', (text: string) => text.replace('"madeBy"', '"madeByy"'), /lacks what a manifest has/],
    [
      'of another release',
      (text: string) => text.replace(/"release": "\w+"/, '"release": "other"'),
      /that of release other/,
    ],
  ])('a manifest that is %s is told', async (_, damage, reason) => {
    const layout = temporaryLayout()
    const [id = '' as ReleaseId] = await several(layout, 1)
    const path = join(layout.release(id), manifestFile)
    writeFileSync(path, damage(readFileSync(path, 'utf8')))

    await expect(readRelease(layout, id)).rejects.toMatchObject({ code: 'RELEASE_DAMAGED', message: reason })
  })

  test('a release whose dependencies are gone is damaged, an unknown one is told with those that are there', async () => {
    const layout = temporaryLayout()
    const [id = '' as ReleaseId] = await several(layout, 1)

    await expect(readRelease(layout, 'abc' as ReleaseId)).rejects.toMatchObject({
      code: 'RELEASE_UNKNOWN',
      details: { known: [id] },
    })
    rmSync(layout.store, { recursive: true })
    await expect(readRelease(layout, id)).rejects.toMatchObject({
      code: 'RELEASE_DAMAGED',
      message: /gone from the store/,
    })
  })
})

describe('pruning', () => {
  test('keeps what is in use, current and the newest; the store keeps what they need', async () => {
    const layout = temporaryLayout()
    const ids = await several(layout, 5)
    const [first = '' as ReleaseId, second = '' as ReleaseId, third, fourth, fifth] = ids
    symlinkSync(layout.release(second), layout.current)
    const other = await sampleProject({ '.npmrc': 'audit=false\n# another key\n' })
    const alone = (await make(layout, other)).manifest.release
    expect(readdirSync(layout.store)).toHaveLength(2)

    const gone = await pruneReleases(layout, { keep: 1, inUse: [first] })

    expect(gone).toEqual([fifth, fourth, third])
    expect(readdirSync(layout.releases).sort()).toEqual([first, second, alone].sort())
    expect(readdirSync(layout.store)).toHaveLength(2)
    expect(await pruneReleases(layout, { keep: 0, inUse: [first] })).toEqual([alone])
    expect(readdirSync(layout.store)).toHaveLength(1)
    await checkRelease(layout, first)
  }, 60_000)

  test('what a dead maker left goes, what a living one makes stays, with all of the store', async () => {
    const layout = temporaryLayout()
    const { pid, started } = thisMaker()
    const parts = {
      dead: `a.part.${pid}.${Number(started) + 1}.1`,
      living: `b.part.${pid}.${started}.1`,
      old: 'c.part',
    }
    for (const name of Object.values(parts)) mkdirSync(join(layout.releases, name), { recursive: true })
    mkdirSync(join(layout.store, 'unused'), { recursive: true })

    await pruneReleases(layout, { keep: 0, inUse: [] })
    const withLiving = [...readdirSync(layout.releases), ...readdirSync(layout.store)]
    rmSync(join(layout.releases, parts.living), { recursive: true })
    await pruneReleases(layout, { keep: 0, inUse: [] })

    expect(withLiving).toEqual([parts.living, 'unused'])
    expect([...readdirSync(layout.releases), ...readdirSync(layout.store)]).toEqual([])
  })
})

describe('to another host', () => {
  test('a release is packed without its dependencies and is the same there', async () => {
    const [here, there] = [temporaryLayout(), temporaryLayout()]
    const project = await sampleProject({ '.gitignore': 'node_modules/\ndist/\n' })
    const build = [
      'node',
      '-e',
      "fs.mkdirSync('dist'); fs.writeFileSync('dist/a.js', '1'); fs.symlinkSync('a.js', 'dist/b.js')",
    ]
    const source = { kind: 'git', repository: project, ref: 'HEAD' } as const
    const made = await makeRelease({ layout: here, service: 'shop', source, start, madeBy: 'ama', build })
    const id = made.manifest.release
    const packed = await buffer(await packRelease(here, id))

    const got = await unpackRelease(there, Readable.from([packed]))
    const again = await unpackRelease(there, Readable.from([packed]))

    expect(got).toMatchObject({ reused: false, manifest: { ...made.manifest } })
    expect(again.reused).toBe(true)
    expect(existsSync(join(got.path, 'dist/b.js'))).toBe(true)
    expect(existsSync(join(got.path, 'node_modules/shout/index.js'))).toBe(true)
    expect(packed.length).toBeLessThan(20_000)
    await checkRelease(there, id)
    expect(await buffer(await packRelease(there, id))).toHaveLength(packed.length)
  }, 60_000)

  test('what was altered on the way is refused, and nothing is left', async () => {
    const [here, there] = [temporaryLayout(), temporaryLayout()]
    const [id = '' as ReleaseId] = await several(here, 1)
    const tar = gunzipSync(await buffer(await packRelease(here, id)))
    const at = tar.indexOf("console.log(require('shout'))")
    tar.write('console.log(process.env    ))', at)
    const sent = [gzipSync(tar), gzipSync(tar).subarray(0, 300), Buffer.from('x')]

    for (const bytes of sent)
      await expect(unpackRelease(there, Readable.from([bytes]))).rejects.toMatchObject({
        code: expect.stringMatching(/RELEASE_DAMAGED|RELEASE_SOURCE_WRONG/),
      })

    await expect(unpackRelease(there, Readable.from([gzipSync(tar)]))).rejects.toThrow(/server\.js has another content/)
    expect(readdirSync(there.releases)).toEqual([])
  })

  test('a release whose files were altered here is not sent; what its service wrote beside them is not either', async () => {
    const [here, there] = [temporaryLayout(), temporaryLayout()]
    const [id = '' as ReleaseId] = await several(here, 1)
    writeFileSync(join(here.release(id), 'written.log'), 'x')
    const got = await unpackRelease(there, Readable.from([await buffer(await packRelease(here, id))]))
    writeFileSync(join(here.release(id), 'server.js'), 'x')

    expect(existsSync(join(got.path, 'written.log'))).toBe(false)
    await expect(packRelease(here, id)).rejects.toMatchObject({
      code: 'RELEASE_DAMAGED',
      message: /server\.js has another content/,
    })
  })

  test('a sender that breaks off leaves nothing', async () => {
    const [here, there] = [temporaryLayout(), temporaryLayout()]
    const [id = '' as ReleaseId] = await several(here, 1)
    const packed = await buffer(await packRelease(here, id))
    const broken = Readable.from(
      (async function* () {
        yield packed.subarray(0, 500)
        throw new Error('connection reset')
      })(),
    )

    await expect(unpackRelease(there, broken)).rejects.toThrow(/connection reset/)
    expect(readdirSync(there.releases)).toEqual([])
  })
})

test('times of files do not make another release', async () => {
  const layout = temporaryLayout()
  const folder = temporaryFolder()
  write(folder, { 'server.js': '1' })
  const source = { kind: 'directory', path: folder } as const
  await makeRelease({ layout, service: 'shop', source, start, madeBy: 'ama' })
  utimesSync(join(folder, 'server.js'), 1, 1)

  const again = await makeRelease({ layout, service: 'shop', source, start, madeBy: 'ama' })

  expect(again.reused).toBe(true)
})
