import type pg from 'pg'
import { createDatabase, describe, expect, test } from '#harness'
import { type ChangeId, changeId } from '../core/index.ts'
import { type ChangeState, expectedShares, requestBack, requestHold } from '../journal/index.ts'
import type { Effect } from '../judge/simulate/index.ts'
import { type Crash, crashing, type Moment } from './testing/crashing.ts'
import { flagRollout, type VirtualRollout } from './testing/flag-rollout.ts'

const id = changeId('any')

type Script = {
  readonly effect?: Effect
  /** Runs before each window, with the number of the window. */
  readonly meanwhile?: (rollout: VirtualRollout, window: number) => Promise<void>
  /** Runs between the death of the first watcher and the look of the next. */
  readonly afterDeath?: (rollout: VirtualRollout) => Promise<unknown>
  readonly ends: ChangeState['state']
}

const forward: Script = { ends: 'settled' }
const backByJudge: Script = { ends: 'undone', effect: { failsCheckout: 1 } }
const backByPerson: Script = {
  ends: 'undone',
  meanwhile: async ({ journal }, window) => {
    if (window === 3) await requestHold(journal, { change: 'any', actor: 'ama', reason: 'wait' })
    if (window === 6) await requestBack(journal, { change: 'any', actor: 'ama', reason: 'no' })
  },
}
const silenceAndBack: Script = {
  ends: 'undone',
  meanwhile: async ({ journal, measurement }, window) => {
    const { settings } = measurement
    if (window === 2) settings.liveness = { ...settings.liveness, processes: [] }
    const process = { processId: 'shop-2', service: 'shop', ageMs: 1_000, stopped: false }
    if (window === 6) settings.liveness = { ...settings.liveness, processes: [process] }
    if (window === 9) await requestBack(journal, { change: 'any', actor: 'ama', reason: 'no' })
  },
}

const directions = { forward, backByJudge, backByPerson, silenceAndBack }

/** Plays a script in a database of its own; the first watcher dies at `dieAt`, and another takes over. */
async function play(
  pool: pg.Pool,
  script: Script,
  dieAt: Moment | undefined,
): Promise<{ passed: readonly Moment[]; died: boolean; state: ChangeState; actual: number }> {
  let crash: Crash | undefined
  const rollout = await flagRollout({ pool, changes: ['any'], world: { seed: 5 } })
  const doomed = crashing(rollout.journal, rollout.kind, dieAt)
  await rollout.restart({ journal: doomed.journal, kinds: [doomed.kind] })
  crash = doomed
  if (script.effect !== undefined) rollout.measurement.settings.effects.set('any', script.effect)
  const isOver = (states: ReadonlyMap<ChangeId, ChangeState>): boolean => states.get(id)?.state === script.ends

  await rollout.go('any', { bakeMs: 20_000 }).catch(ignoreDeath(doomed))
  for (let window = 0; !isOver(await rollout.states()); window++) {
    if (window > 400) throw new Error('the script does not end')
    if (crash?.isDead() === true) {
      crash = undefined
      await script.afterDeath?.(rollout)
      await takeOver(rollout)
      continue
    }
    await script.meanwhile?.(rollout, window)
    await rollout.step().catch(ignoreDeath(doomed))
  }
  if (crash?.isDead() === true) await takeOver(rollout)
  return {
    passed: doomed.passed,
    died: doomed.isDead(),
    state: await rollout.state('any'),
    actual: await rollout.kind.actual(id),
  }
}

const ignoreDeath =
  (crash: Crash) =>
  (error: unknown): void => {
    if (!crash.isDead()) throw error
  }

/** Right after the death the world may show the old or the new; one look of the successor leaves one truth. */
async function takeOver(rollout: VirtualRollout): Promise<void> {
  expect(expectedShares(await rollout.state('any'))).toContain(await rollout.kind.actual(id))
  await rollout.restart({ journal: rollout.journal, kinds: [rollout.kind] })
  await rollout.watcher.tick(rollout.epoch)
  const resumed = await rollout.state('any')
  expect(resumed.inFlight).toBeUndefined()
  expect(await rollout.kind.actual(id)).toBe(resumed.share)
}

describe.each(Object.entries(directions))('%s', (_, script) => {
  test('a watcher that dies at any moment leaves what the next one brings to the same end', async () => {
    const moments = await inDatabase((pool) => play(pool, script, undefined))
    expect(moments.died).toBe(false)
    expect(moments.passed.length).toBeGreaterThan(8)

    for (const moment of moments.passed) {
      const { died, state, actual } = await inDatabase((pool) => play(pool, script, moment))

      expect(died, moment).toBe(true)
      expect(state.state, moment).toBe(script.ends)
      expect(actual, moment).toBe(state.share)
      expect(state.ignored, moment).toBe(0)
    }
  }, 180_000)
})

/** Done and not recorded, or recorded and not done: an undo must reach what was begun, not only what was done. */
test('what a dead watcher had in hand when a person asked back is taken back whole', async () => {
  const askedBack: Script = {
    ends: 'undone',
    afterDeath: ({ journal }) => requestBack(journal, { change: 'any', actor: 'ama', reason: 'no' }),
  }
  const { passed } = await inDatabase((pool) => play(pool, forward, undefined))
  const exposing = passed.filter((moment) => /showing|record expos/.test(moment))
  expect(exposing.length).toBeGreaterThan(8)

  for (const moment of exposing) {
    const { died, state, actual } = await inDatabase((pool) => play(pool, askedBack, moment))

    expect(died, moment).toBe(true)
    expect({ moment, state: state.state, actual }).toEqual({ moment, state: 'undone', actual: 0 })
  }
}, 180_000)

async function inDatabase<T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const database = await createDatabase()
  try {
    return await work(database.pool)
  } finally {
    await database.drop()
  }
}
