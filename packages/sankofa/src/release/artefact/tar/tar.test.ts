import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from '#harness'
import { listFiles } from '../file-list.ts'
import { temporaryFolder, write } from '../testing/sample-project.ts'
import { gunzipped } from './gunzipped.ts'
import { readTar } from './read-tar.ts'
import { unpackTar } from './unpack-tar.ts'
import { writeTar } from './write-tar.ts'

/** A header as an attacker writes it: any name, any type. */
function hostile(name: string, type: string, target = '', content = ''): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.fill(32, 148, 156)
  header.write(type, 156)
  header.write(target, 157)
  header.write('ustar\x0000', 257)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)])
}

const streamOf = (...parts: readonly Buffer[]): AsyncIterable<Buffer> => Readable.from([...parts, Buffer.alloc(1024)])

async function unpack(bytes: AsyncIterable<Buffer>, limits = { bytes: 1_000_000, files: 1_000 }): Promise<string> {
  const outer = temporaryFolder()
  const folder = join(outer, 'inner')
  mkdirSync(folder)
  await unpackTar(bytes, folder, { source: 'the archive', strip: false, limits }).finally(() => {
    expect(readdirSync(outer)).toEqual(['inner'])
  })
  return folder
}

describe('what is refused', () => {
  test.each([
    ['an absolute path', [hostile('/tmp/sankofa-slip', '0', '', 'x')], /\/tmp\/sankofa-slip is an absolute path/],
    ['a path upward', [hostile('../slip', '0', '', 'x')], /\.\.\/slip leads out/],
    ['a path upward in the middle', [hostile('a/../../slip', '0', '', 'x')], /leads out/],
    ['a link upward', [hostile('a/b', '2', '../../slip')], /a\/b links to \.\.\/\.\.\/slip, outside/],
    ['an absolute link', [hostile('a', '2', '/etc')], /a links to \/etc, an absolute path/],
    [
      'a link through a link',
      [hostile('a', '2', '.'), hostile('b', '2', 'a/../slip')],
      /b links to a\/\.\.\/slip, with/,
    ],
    ['a hard link', [hostile('a', '1', '/etc/passwd')], /a is a hard link/],
    ['a device', [hostile('a', '3')], /a is a device/],
    ['a pipe', [hostile('a', '6')], /a is a device/],
    ['the same file twice', [hostile('a', '0', '', 'x'), hostile('a', '0', '', 'y')], /a is in it twice/],
  ])('%s', async (_, parts, reason) => {
    await expect(unpack(streamOf(...parts))).rejects.toMatchObject({ code: 'RELEASE_FILES_REFUSED', message: reason })
    expect(existsSync('/tmp/sankofa-slip')).toBe(false)
  })

  test('a file below a link: nothing is ever written through it', async () => {
    const parts = [hostile('a', '2', 'b'), hostile('a/file', '0', '', 'x')]

    await expect(unpack(streamOf(...parts))).rejects.toThrow()
  })

  test('more than the limits, by what comes out: a gzip bomb ends early', async () => {
    const zeros = hostile('zeros', '0', '', '')
    zeros.write(`${(50_000_000).toString(8).padStart(11, '0')}\0`, 124)
    zeros.fill(32, 148, 156)
    zeros.write(
      `${zeros
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    const bomb = gzipSync(Buffer.concat([zeros, Buffer.alloc(50_000_000)]))

    await expect(unpack(gunzipped(Readable.from([bomb])))).rejects.toMatchObject({
      code: 'RELEASE_SOURCE_WRONG',
      message: /more than 1000 files or 1 MB/,
    })
  })

  test.each([
    ['in a header', 700],
    ['in a file', 1300],
  ])('an archive that ends %s', async (_, length) => {
    const whole = Buffer.concat([hostile('a', '0', '', 'x'), hostile('b', '0', '', 'y'.repeat(900))])

    await expect(unpack(Readable.from([whole.subarray(0, length + 512)]))).rejects.toMatchObject({
      code: 'RELEASE_SOURCE_WRONG',
    })
  })
})

describe('beside tar of the system', () => {
  const long = `${'deep/'.repeat(40)}${'name'.repeat(30)}.txt`

  test.each(['gnu', 'pax', 'ustar'])('what it writes in format %s is read', async (format) => {
    const folder = temporaryFolder()
    write(folder, {
      'a/b.txt': 'text',
      'naïve ŵ.txt': 'ü',
      empty: '',
      ...(format === 'ustar' ? {} : { [long]: 'long' }),
    })
    symlinkSync('b.txt', join(folder, 'a/link'))
    const packed = execFileSync('tar', ['-c', `--format=${format}`, '-C', folder, '.'], { maxBuffer: 1e8 })

    const unpacked = await unpack(Readable.from([packed]))

    expect(await listFiles(unpacked)).toEqual(await listFiles(folder))
  })

  test('it reads what we write', async () => {
    const [folder, other] = [temporaryFolder(), temporaryFolder()]
    write(folder, { 'a/b.txt': 'text', 'naïve ŵ.txt': 'ü', [long]: 'long', large: Buffer.alloc(5_000_000, 'z') })
    symlinkSync(long, join(folder, 'link'))
    const chunks: Buffer[] = []
    for await (const chunk of writeTar(folder, await listFiles(folder))) chunks.push(chunk)
    writeFileSync(join(other, 'a.tar'), Buffer.concat(chunks))
    mkdirSync(join(other, 'out'))

    execFileSync('tar', ['-xf', 'a.tar', '-C', 'out'], { cwd: other })

    expect(await listFiles(join(other, 'out'))).toEqual(await listFiles(folder))
  })
})

test('any names and contents come back, whatever pieces the bytes arrive in', async () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((text) => !/[/\0]/.test(text) && !/^\.{1,2}$/.test(text))
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(name, fc.uint8Array({ maxLength: 1500 }), { maxKeys: 6 }),
      fc.integer({ min: 1, max: 700 }),
      async (files, piece) => {
        const chunks: Buffer[] = []
        const entries = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }))
        for await (const chunk of writeTar('/nowhere', entries)) chunks.push(chunk)
        const whole = Buffer.concat(chunks)
        const pieces = Array.from({ length: Math.ceil(whole.length / piece) }, (_, index) =>
          whole.subarray(index * piece, (index + 1) * piece),
        )
        const found: { path: string; content: Buffer }[] = []
        for await (const entry of readTar(Readable.from(pieces))) {
          const content: Buffer[] = []
          for await (const chunk of entry.content) content.push(chunk)
          found.push({ path: entry.path, content: Buffer.concat(content) })
        }
        expect(found).toEqual(entries)
      },
    ),
    { numRuns: 100 },
  )
})

test('unpacking writes what was packed', async () => {
  const folder = await unpack(streamOf(hostile('a/b.txt', '0', '', 'text')))

  expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('text')
})
