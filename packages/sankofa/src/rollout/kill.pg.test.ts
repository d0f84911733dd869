import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { changeId } from '../core/index.ts'
import { flagKind } from '../flags/index.ts'
import {
  type ChangeState,
  expectedShares,
  foldChange,
  type Journal,
  openJournal,
  propose,
  requestBack,
  requestGo,
} from '../journal/index.ts'
import { startOfTime } from './simulate/index.ts'
import { testFlag } from './testing/test-flag.ts'
import { startWatcherChild, type WatcherChild } from './testing/watcher-child.ts'

const id = changeId('any')
const records = {
  out: ['proved', 'started', ...stages([1, 2, 3, 4]), 'baking', 'settling', 'settled'],
  back: ['undoing', 'undone'],
}
function stages(numbers: readonly number[]): readonly string[] {
  return numbers.flatMap((stage) => [`exposing ${stage}`, `exposed ${stage}`])
}

/** The world and the journal, seen from outside the process that is killed. */
function observe(db: TestDatabase): { journal: Journal; state(): Promise<ChangeState>; actual(): Promise<number> } {
  const journal = openJournal(db.pool)
  const kind = flagKind({ pool: db.pool, journal, flags: [testFlag] })
  return {
    journal,
    async state() {
      const state = foldChange(await journal.read({ change: id }))
      if (state === undefined) throw new Error('nothing was proposed')
      return state
    },
    actual: () => kind.actual(id),
  }
}

async function askToGo(journal: Journal): Promise<void> {
  const plan = { kind: 'flag', plan: { flag: 'any' }, title: 'Any', control: 'subjects', dependsOn: [] } as const
  await propose(journal, { change: 'any', actor: 'ama', size: { unit: 'flags', n: 1 }, ...plan })
  await requestGo(journal, { change: 'any', actor: 'ama', bakeMs: 30_000 })
}

let born = 0
function newWatcher(
  db: TestDatabase,
  orders: Omit<Parameters<typeof startWatcherChild>[0], 'url' | 'holder'>,
): WatcherChild {
  const child = startWatcherChild({ url: db.url, holder: `child-${++born}`, ...orders })
  onTestFinished(async () => void (await child.kill()))
  return child
}

/** kill -9 at each of the moments, one after the other, in one rollout; each successor has 10 s to make the world right. */
async function killAtEach(
  db: TestDatabase,
  moments: readonly string[],
  options: { readonly harmful: boolean; readonly ends: 'settled' | 'undone' },
): Promise<readonly number[]> {
  const world = observe(db)
  await askToGo(world.journal)
  const tookMs: number[] = []
  let nowMs = startOfTime
  let child = newWatcher(db, { ...options, nowMs, pauseAt: moments[0] ?? '' })
  for (const [index, moment] of moments.entries()) {
    child.tell('run')
    nowMs = (await child.hears('paused')).nowMs ?? nowMs
    const signal = await child.kill()
    const died = performance.now()
    const left = await world.state()
    expect(signal, moment).toBe('SIGKILL')
    expect(expectedShares(left), moment).toContain(await world.actual())

    const next = moments[index + 1]
    // No time passes for the successor yet: all that it can do is to finish what was begun.
    child = newWatcher(db, { ...options, nowMs, ...(next === undefined ? {} : { pauseAt: next }) })
    const actOf = left.inFlight
    await expect
      .poll(
        async () => {
          const state = await world.state()
          const isDone = state.inFlight === undefined || (actOf === undefined && child.heard('paused'))
          return isDone && expectedShares(state).includes(await world.actual())
        },
        { message: `after ${moment}`, timeout: 10_000, interval: 20 },
      )
      .toBe(true)
    tookMs.push(performance.now() - died)
  }
  child.tell('run')
  await expect.poll(async () => (await world.state()).state, { timeout: 20_000, interval: 50 }).toBe(options.ends)
  const end = await world.state()
  expect(await world.actual()).toBe(end.share)
  expect(end.ignored).toBe(0)
  await child.kill()
  return tookMs
}

describe('kill -9 of the watcher in each journalled step', () => {
  const out = [...records.out]
  const backAgain = ['proved', 'started', ...stages([1]), ...records.back]

  test('forward, after the act and before its record', async ({ db }) => {
    const moments = out.map((record) => `before record ${record}`)
    const tookMs = await killAtEach(db, moments, { harmful: false, ends: 'settled' })
    expect(Math.max(...tookMs)).toBeLessThan(10_000)
  }, 180_000)

  test('forward, after the record and before the act', async ({ db }) => {
    const moments = out.map((record) => `after record ${record}`)
    const tookMs = await killAtEach(db, moments, { harmful: false, ends: 'settled' })
    expect(Math.max(...tookMs)).toBeLessThan(10_000)
  }, 180_000)

  test('back, after the act and before its record', async ({ db }) => {
    const moments = backAgain.map((record) => `before record ${record}`)
    const tookMs = await killAtEach(db, moments, { harmful: true, ends: 'undone' })
    expect(Math.max(...tookMs)).toBeLessThan(10_000)
  }, 180_000)

  test('back, after the record and before the act', async ({ db }) => {
    const moments = backAgain.map((record) => `after record ${record}`)
    const tookMs = await killAtEach(db, moments, { harmful: true, ends: 'undone' })
    expect(Math.max(...tookMs)).toBeLessThan(10_000)
  }, 180_000)
})

test('a standby leads within 15 s of the death of the leader, and takes back what was asked meanwhile', async ({
  db,
}) => {
  const world = observe(db)
  const leader = newWatcher(db, { harmful: false })
  await leader.hears('leads')
  const standby = newWatcher(db, { harmful: false })
  await askToGo(world.journal)
  await expect.poll(() => world.actual(), { timeout: 20_000 }).toBe(0.02)
  expect(standby.heard('leads')).toBe(false)

  expect(await leader.kill()).toBe('SIGKILL')
  const died = performance.now()
  await requestBack(world.journal, { actor: 'kofi', reason: 'complaints' })
  await standby.hears('leads')
  const ledMs = performance.now() - died
  await expect.poll(() => world.actual(), { timeout: 5_000, interval: 50 }).toBe(0)

  expect(ledMs).toBeLessThan(15_000)
  expect(await standby.stop()).toBe(0)
}, 60_000)

test('with the lease as it ships, a restart after kill -9 in the middle of an act is right within 10 s', async ({
  db,
}) => {
  const world = observe(db)
  await askToGo(world.journal)
  const first = newWatcher(db, { harmful: false, pauseAt: 'after record exposing 1' })
  await first.hears('paused')
  expect(await first.kill()).toBe('SIGKILL')
  expect((await world.state()).inFlight).toMatchObject({ act: 'expose', share: 0.02 })
  expect(await world.actual()).toBe(0)

  const second = newWatcher(db, { harmful: false })
  await expect.poll(() => world.actual(), { timeout: 10_000, interval: 50 }).toBe(0.02)
  await expect.poll(async () => (await world.state()).inFlight, { timeout: 1_000, interval: 50 }).toBeUndefined()

  expect((await world.state()).share).toBe(0.02)
  await second.kill()
}, 60_000)

test('a leader that stops in good order hands over at once', async ({ db }) => {
  const leader = newWatcher(db, { harmful: false })
  await leader.hears('leads')
  const standby = newWatcher(db, { harmful: false })
  await delay(500)

  expect(await leader.stop()).toBe(0)
  const stopped = performance.now()
  await standby.hears('leads')

  expect(performance.now() - stopped).toBeLessThan(4_000)
  await standby.kill()
}, 60_000)

test('a leader that slept while another took over can change nothing when it wakes', async ({ db }) => {
  const world = observe(db)
  await askToGo(world.journal)
  const sleeper = newWatcher(db, { harmful: false, nowMs: startOfTime, pauseAt: 'after record exposing 1' })
  await sleeper.hears('paused')
  const { epoch: staleEpoch } = await sleeper.hears('leads')
  sleeper.signal('SIGSTOP')

  const successor = newWatcher(db, { harmful: false, nowMs: startOfTime })
  const { epoch } = await successor.hears('leads')
  await expect.poll(async () => (await world.state()).inFlight, { timeout: 10_000 }).toBeUndefined()
  await requestBack(world.journal, { actor: 'kofi', reason: 'complaints' })
  await expect.poll(async () => (await world.state()).state, { timeout: 10_000 }).toBe('undone')
  const before = await world.journal.read()
  // It wakes in the middle of its act: it is about to show the change, which is undone by now.
  sleeper.tell('go on')
  sleeper.signal('SIGCONT')
  await sleeper.hears('stands by')

  expect(BigInt(epoch ?? 0)).toBeGreaterThan(BigInt(staleEpoch ?? 0))
  expect(await world.actual()).toBe(0)
  expect(await world.journal.read()).toEqual(before)
  await Promise.all([sleeper.kill(), successor.kill()])
}, 60_000)
