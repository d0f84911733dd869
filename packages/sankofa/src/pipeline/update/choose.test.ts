import { expect, test } from 'vitest'
import { type ChooseOptions, choose } from './choose.ts'
import { groupPeers, type Updatable } from './group-peers.ts'

const now = new Date('2026-06-15T00:00:00Z')
const day = 24 * 60 * 60 * 1_000
const options: ChooseOptions = { now, coolDownMs: 7 * day, affected: [] }

/** `1.2.0@30` was published 30 days ago; `1.2.0` without a date. */
const published = (latest: string, ...versions: readonly string[]) => ({
  name: 'a',
  latest,
  versions: versions.map((text) => {
    const [version = '', days] = text.split('@')
    return days === undefined ? { version } : { version, publishedAt: new Date(now.getTime() - Number(days) * day) }
  }),
})

const words = (from: string, ...rest: Parameters<typeof published>): readonly string[] =>
  chosen(from, published(...rest))
const chosen = (
  from: string,
  what: ReturnType<typeof published>,
  more: Partial<ChooseOptions> = {},
): readonly string[] =>
  choose({ name: 'a', version: from }, what, { ...options, ...more }).map((one) =>
    one.state === 'ready'
      ? `${one.reach} ${one.to}${one.security ? ' mends' : ''}`
      : `${one.reach} ${one.to} until ${one.until.toISOString().slice(0, 10)}`,
  )

test('the newest that is old enough is taken, one within the major version and one beyond', () => {
  expect(words('1.0.0', '3.0.0', '1.1.0@90', '1.2.0@8', '1.3.0@6', '2.0.0@60', '3.0.0@30')).toEqual([
    'minor 1.2.0',
    'major 3.0.0',
  ])
})

test('where all are fresh it waits until the first of them is old enough', () => {
  expect(words('1.0.0', '1.0.2', '1.0.1@5', '1.0.2@1')).toEqual(['minor 1.0.1 until 2026-06-17'])
})

test('exactly the cool-down is old enough', () => {
  expect(words('1.0.0', '1.0.1', '1.0.1@7')).toEqual(['minor 1.0.1'])
})

test('below 1.0.0 the second number breaks', () => {
  expect(words('0.2.0', '0.3.1', '0.2.5@30', '0.3.1@30')).toEqual(['minor 0.2.5', 'major 0.3.1'])
})

test('no prerelease, nothing above latest, nothing older, nothing that is no version', () => {
  expect(words('2.0.0', '2.0.0', '1.9.9@30', '2.0.0@30', '2.1.0-rc.1@30', '2.1.0@30', 'next@30')).toEqual([])
})

test('a registry that keeps no dates cannot be waited for', () => {
  expect(words('1.0.0', '1.1.0', '1.1.0')).toEqual(['minor 1.1.0'])
})

test('a known fault is mended by an old version where one does, else by the lowest fresh one, at once', () => {
  const affected = ['<1.0.2']

  expect(chosen('1.0.0', published('1.2.0', '1.0.1@30', '1.0.2@20', '1.1.0@10', '1.2.0@1'), { affected })).toEqual([
    'minor 1.1.0 mends',
  ])
  expect(chosen('1.0.0', published('1.2.0', '1.0.1@30', '1.0.2@1', '1.2.0@1'), { affected })).toEqual([
    'minor 1.0.2 mends',
  ])
  expect(chosen('1.0.0', published('1.0.1', '1.0.1@30'), { affected })).toEqual(['minor 1.0.1'])
})

const update = (
  name: string,
  from: string,
  to: string,
  before: Record<string, string> = {},
  after = before,
): Updatable => ({
  name,
  from,
  to,
  peersBefore: before,
  peersAfter: after,
})
const names = (updates: readonly Updatable[]) =>
  groupPeers(updates).map((group) => group.map(({ name }) => name).join('+'))

test('what needs another at once goes together with it, whichever comes first', () => {
  const react = update('react', '18.0.0', '19.0.0')
  const dom = update('react-dom', '18.0.0', '19.0.0', { react: '^18.0.0' }, { react: '^19.0.0' })

  expect(names([update('a', '1.0.0', '1.1.0'), react, dom])).toEqual(['a', 'react+react-dom'])
  expect(names([dom, update('a', '1.0.0', '1.1.0'), react])).toEqual(['react-dom+react', 'a'])
})

test('what fits on either side of the other goes by itself', () => {
  const plugin = update('plugin', '1.0.0', '1.1.0', { core: '>=1' })

  expect(names([update('core', '1.0.0', '2.0.0'), plugin])).toEqual(['core', 'plugin'])
})

test('a chain of peers is one group', () => {
  const core = update('core', '1.0.0', '2.0.0')
  const middle = update('middle', '1.0.0', '2.0.0', { core: '^1.0.0' }, { core: '^2.0.0' })
  const outer = update('outer', '1.0.0', '2.0.0', { middle: '^1.0.0' }, { middle: '^2.0.0' })

  expect(names([outer, core, middle])).toEqual(['outer+core+middle'])
})
