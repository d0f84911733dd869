import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { type KnownState, parseState } from './known-state.ts'
import { readStateFile, stateFile, writeStateFile } from './state-file.ts'
import { withFolder } from './testing/fixtures.ts'

const written = (asOfMs: number, share: number): unknown => ({
  format: 1,
  asOfMs,
  flags: [
    {
      flag: 'new-checkout',
      change: 'new-checkout',
      goId: '9007199254740993',
      salt: 's',
      stage: 1,
      share,
      shareBefore: 0,
      settled: false,
    },
  ],
  tunables: [{ tunable: 'fee', change: null, value: null, before: null }],
  watches: [{ goId: '9007199254740993', guards: [], sampleRate: 1 }],
})
const state = (asOfMs: number, share: number): KnownState => {
  const parsed = parseState(written(asOfMs, share))
  if (parsed === undefined) throw new Error('not a state')
  return parsed
}
const write = (directory: string, asOfMs: number, share: number, askedAtMs = Date.now()): Promise<void> =>
  writeStateFile(directory, written(asOfMs, share), state(asOfMs, share), askedAtMs)

test('what is written is what is read, ids beyond a double included', () =>
  withFolder(async (directory) => {
    await write(directory, 1_000, 0.1)

    const read = await readStateFile(directory)

    expect(read).toEqual(state(1_000, 0.1))
    expect(read?.flags[0]?.goId).toBe(9_007_199_254_740_993n)
    expect((await stat(stateFile(directory))).mode & 0o777).toBe(0o600)
  }))

test('an older state never overwrites a newer one', () =>
  withFolder(async (directory) => {
    await write(directory, 2_000, 0)

    await write(directory, 1_000, 0.5)

    expect((await readStateFile(directory))?.flags[0]?.share).toBe(0)
  }))

test('a state from before the clock was set back gives way to what the database says now', () =>
  withFolder(async (directory) => {
    const hourMs = 3_600_000
    await write(directory, 2 * hourMs, 0.5)

    await write(directory, hourMs, 0)

    expect((await readStateFile(directory))?.flags[0]?.share).toBe(0)
  }))

test('a process that slept for minutes with an answer in its hands does not overwrite a newer state', () =>
  withFolder(async (directory) => {
    const hourMs = 3_600_000
    await write(directory, 2 * hourMs, 0)

    await write(directory, hourMs, 0.5, Date.now() - 300_000)

    expect((await readStateFile(directory))?.flags[0]?.share).toBe(0)
  }))

test('of many writers at once the newest state stays, and no reader ever sees a broken file', () =>
  withFolder(async (directory) => {
    const times = Array.from({ length: 24 }, (_, n) => ((n * 7) % 24) + 1)
    const seen: unknown[] = []
    let writing = true
    const reader = (async () => {
      while (writing) seen.push(await readStateFile(directory))
    })()

    await Promise.all(times.map((time) => write(directory, time * 1_000, time / 100)))
    writing = false
    await reader

    expect((await readStateFile(directory))?.asOfMs).toBe(24_000)
    expect(seen.length).toBeGreaterThan(0)
    expect((await readdir(directory)).sort()).toEqual(['flags.json'])
  }))

test('an unchanged state is written again only once a minute', () =>
  withFolder(async (directory) => {
    await write(directory, 1_000, 0.1)
    await write(directory, 60_999, 0.1)
    const before = await readStateFile(directory)
    await write(directory, 61_000, 0.1)
    const after = await readStateFile(directory)

    expect([before?.asOfMs, after?.asOfMs]).toEqual([1_000, 61_000])
  }))

test('a broken file is named when it is read, and replaced when a state is known', () =>
  withFolder(async (directory) => {
    await writeFile(stateFile(directory), '{"format": 99}')
    await expect(readStateFile(directory)).rejects.toThrow(stateFile(directory))

    await write(directory, 1_000, 0.1)

    expect(JSON.parse(await readFile(stateFile(directory), 'utf8'))).toEqual(written(1_000, 0.1))
  }))
