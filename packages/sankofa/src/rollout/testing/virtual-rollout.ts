import type pg from 'pg'
import { pino } from 'pino'
import { type ChangeId, type Clock, changeId } from '../../core/index.ts'
import { createLease, watcherLease } from '../../db/index.ts'
import { defineFlag, type Flag, flagKind } from '../../flags/index.ts'
import {
  type ChangeKind,
  type ChangeState,
  foldAll,
  type Journal,
  openJournal,
  type Proof,
  propose,
  requestGo,
} from '../../journal/index.ts'
import { createWorld, type WorldOptions } from '../../judge/simulate/index.ts'
import { windowMs } from '../../observe/index.ts'
import { createWatcher, type Watcher, type WatcherOptions } from '../index.ts'
import { type WorldMeasurement, worldMeasurement } from './world-measurement.ts'

/** Time that passes only when told to. */
export type VirtualClock = Clock & { set(ms: number): void }

export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    sleep: async () => {},
    set: (ms) => {
      nowMs = ms
    },
  }
}

/** A shop, a flag for each change, the real journal and kind, and time that is stepped window by window. */
export type VirtualRollout = {
  readonly journal: Journal
  readonly measurement: WorldMeasurement
  readonly clock: VirtualClock
  readonly kind: ChangeKind<unknown>
  watcher: Watcher
  epoch: bigint
  /** Proposes a flag change of this name and asks that it goes. */
  go(change: string, request?: { bakeMs?: number; unproved?: string; dependsOn?: readonly string[] }): Promise<void>
  /** One window of the world, then one look of the watcher. */
  step(): Promise<void>
  /** Steps until `done`, or fails after `limitS` of virtual time. @returns seconds that passed */
  until(done: (states: ReadonlyMap<ChangeId, ChangeState>) => boolean, limitS: number): Promise<number>
  state(change: string): Promise<ChangeState>
  states(): Promise<ReadonlyMap<ChangeId, ChangeState>>
  /** Replaces the watcher, as after a crash: nothing that it remembered is left. */
  restart(options?: Partial<WatcherOptions>): Promise<void>
}

export const startOfTime = Date.UTC(2026, 10, 23, 9, 0, 0)

export async function virtualRollout(options: {
  readonly pool: pg.Pool
  readonly changes: readonly string[]
  readonly world?: Partial<WorldOptions>
  readonly kind?: (kind: ChangeKind<unknown>) => ChangeKind<unknown>
  readonly watcher?: Partial<WatcherOptions>
}): Promise<VirtualRollout> {
  const { pool } = options
  const clock = virtualClock(startOfTime)
  const requestsPerSecond = options.world?.requestsPerSecond ?? 50
  const world = createWorld({ seed: 1, customers: 2_000, requestsPerSecond, ...options.world })
  const measurement = worldMeasurement({ world, pool, requestsPerSecond })
  const journal = openJournal(pool)
  const flags = options.changes.map(flagNamed)
  const real: ChangeKind<unknown> = withProof(flagKind({ pool, journal, flags, clock }), clock)
  const kind = options.kind?.(real) ?? real
  const base: WatcherOptions = {
    pool,
    journal,
    kinds: [kind],
    measurement,
    attempts: ['checkout'],
    clock,
    holder: 'virtual',
    log: pino({ level: 'silent' }),
  }
  const lease = createLease(pool, { name: watcherLease, holder: 'virtual', ttlMs: 600_000 })
  let startMs = startOfTime

  const rollout: VirtualRollout = {
    journal,
    measurement,
    clock,
    kind,
    watcher: createWatcher({ ...base, ...options.watcher }),
    epoch: (await lease.acquire()) ?? 0n,
    async go(change, request = {}) {
      const { dependsOn = [], ...asked } = request
      await propose(journal, {
        change,
        actor: 'ama',
        kind: 'flag',
        plan: { flag: change },
        title: change,
        control: 'subjects',
        dependsOn: dependsOn.map(changeId),
        size: { unit: 'flags', n: 1 },
      })
      await requestGo(journal, { change, actor: 'ama', ...asked })
      await rollout.watcher.tick(rollout.epoch)
    },
    async step() {
      await measurement.step(startMs)
      startMs += windowMs
      clock.set(startMs)
      await rollout.watcher.tick(rollout.epoch)
    },
    async until(done, limitS) {
      const fromMs = clock.now()
      while (!done(await rollout.states())) {
        if (clock.now() - fromMs > limitS * 1_000) throw new Error(`not reached within ${limitS} s of virtual time`)
        await rollout.step()
      }
      return (clock.now() - fromMs) / 1_000
    },
    states: async () => foldAll(await journal.read()),
    async state(change) {
      const found = (await rollout.states()).get(changeId(change))
      if (found === undefined) throw new Error(`no change ${change}`)
      return found
    },
    async restart(watcher) {
      await lease.release(rollout.epoch)
      rollout.epoch = (await lease.acquire()) ?? 0n
      rollout.watcher = createWatcher({ ...base, ...options.watcher, ...watcher })
    },
  }
  return rollout
}

const flagNamed = (id: string): Flag => defineFlag({ id, title: id, owner: 'ama', expires: '2030-01-01' })

/** Proofs of flags have tests of their own, on servers of their own; here the shape of one is enough. */
function withProof(kind: ChangeKind<unknown>, clock: Clock): ChangeKind<unknown> {
  const proof = (): Proof => ({
    ok: true,
    digest: 'proved',
    base: 'proved',
    expiresAt: new Date(clock.now() + 7 * 24 * 3_600_000).toISOString(),
    loss: 'kept',
    undoMs: 1,
    locks: [],
    steps: [],
  })
  return {
    ...kind,
    prove: async () => proof(),
    currentDigest: async () => ({ digest: 'proved', base: 'proved' }),
  } as ChangeKind<unknown>
}
