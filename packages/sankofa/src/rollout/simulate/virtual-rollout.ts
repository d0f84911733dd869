import type pg from 'pg'
import { pino } from 'pino'
import { type ChangeId, changeId } from '../../core/index.ts'
import { createLease, watcherLease } from '../../db/index.ts'
import {
  type ChangeKind,
  type ChangeState,
  type Journal,
  openJournal,
  propose,
  requestGo,
} from '../../journal/index.ts'
import { createWorld, type WorldOptions } from '../../judge/simulate/index.ts'
import { windowMs } from '../../observe/index.ts'
import { follow } from '../follow.ts'
import { createWatcher, type Watcher, type WatcherOptions } from '../index.ts'
import { type VirtualClock, virtualClock } from './virtual-clock.ts'
import { type WorldMeasurement, worldMeasurement } from './world-measurement.ts'

/** A simulated shop, the real journal, kind and watcher on a real PostgreSQL, and time that is stepped window by window. */
export type VirtualRollout = {
  readonly journal: Journal
  readonly measurement: WorldMeasurement
  readonly clock: VirtualClock
  readonly kind: ChangeKind<unknown>
  watcher: Watcher
  epoch: bigint
  /** Proposes a flag change of this name and asks that it goes. */
  go(
    change: string,
    request?: { flag?: string; bakeMs?: number; unproved?: string; dependsOn?: readonly string[] },
  ): Promise<void>
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

export type VirtualRolloutOptions = {
  readonly pool: pg.Pool
  readonly world?: Partial<WorldOptions>
  /** The kind of the changes that go out; it must keep what it shows in `sankofa.flag`. */
  kind(parts: { readonly pool: pg.Pool; readonly journal: Journal; readonly clock: VirtualClock }): ChangeKind<unknown>
  readonly watcher?: Partial<WatcherOptions>
  readonly startMs?: number
}

export async function virtualRollout(options: VirtualRolloutOptions): Promise<VirtualRollout> {
  const { pool } = options
  let startMs = options.startMs ?? startOfTime
  const clock = virtualClock(startMs)
  const requestsPerSecond = options.world?.requestsPerSecond ?? 50
  const world = createWorld({ seed: 1, customers: 2_000, requestsPerSecond, ...options.world })
  const measurement = worldMeasurement({ world, pool, requestsPerSecond })
  const journal = openJournal(pool)
  const follower = follow(journal)
  const kind = options.kind({ pool, journal, clock })
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

  const rollout: VirtualRollout = {
    journal,
    measurement,
    clock,
    kind,
    watcher: createWatcher({ ...base, ...options.watcher }),
    epoch: (await lease.acquire()) ?? 0n,
    async go(change, request = {}) {
      const { dependsOn = [], flag = change, ...asked } = request
      await propose(journal, {
        change,
        actor: 'ama',
        kind: 'flag',
        plan: { flag },
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
    states: () => follower.refresh(),
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
