import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from '#harness'
import type { Instance } from './instance.ts'
import type { Keeper } from './keeper.ts'
import { becomes } from './testing/becomes.ts'
import { type TestHost, testHost } from './testing/host-fixture.ts'
import { startKeeperChild } from './testing/keeper-child.ts'
import { makeToyRelease, releaseId } from './testing/toy-release.ts'

const a = { release: releaseId('a'), purpose: 'serve' } as const
const b = { release: releaseId('b'), purpose: 'serve' } as const
const rehearsal = { release: releaseId('b'), purpose: 'rehearse' } as const

const says = (reports: ReturnType<Keeper['reports']>): readonly string[] =>
  reports
    .filter((each) => each.state !== 'stopped')
    .map((each) => `${each.purpose} ${each.release} ${each.state}`)
    .sort()
const wants = (instances: readonly Instance[]): readonly string[] =>
  instances.map((each) => `${each.purpose} ${each.release} ready`).sort()

/** Also while it is on its way there, nothing runs twice. */
async function reaches(host: TestHost, keeper: Keeper, instances: readonly Instance[]): Promise<void> {
  const serving = instances.filter((each) => each.purpose === 'serve').map((each) => each.release)
  await becomes(
    () => {
      const runs = running(host)
      if (new Set(runs).size < runs.length) throw new Error(`a second instance runs: ${runs.join(', ')}`)
      return { says: says(keeper.reports()), runs, told: host.told.at(-1) }
    },
    { says: wants(instances), runs: wants(instances), told: [...serving].sort() },
  )
}

/** Processes that carry a tag of this host and lead their session: one for each instance, and no other. */
const running = (host: TestHost): readonly string[] =>
  host
    .tagged()
    .filter((each) => each.leads)
    .map((each) => `${each.tag.split('-')[0]} ${each.environment.get('SANKOFA_RELEASE')} ready`)
    .sort()

type Case = {
  readonly moment: string
  readonly times?: number
  /** What runs when the keeper that is killed begins, and what it is told then. */
  readonly from: readonly Instance[]
  readonly to: readonly Instance[]
  /** Kills the process of release `a` to make the keeper restart it. */
  readonly kills?: true
  /** Stops the keeper itself in the foreground's way, with all that it has. */
  readonly stops?: true
}

const starting = ['locked', 'begun start', 'spawned', 'recorded start', 'healthy', 'recorded ready', 'told ready']
const stopping = ['withdrawn', 'drained', 'begun stop', 'ended', 'recorded stop']
const cases: readonly Case[] = [
  ...starting.map((moment) => ({ moment, from: [], to: [a, rehearsal] })),
  // The second of two that are started at once, and each step of the writing itself.
  ...['spawned', 'recorded ready'].map((moment) => ({ moment, times: 2, from: [], to: [a, b] })),
  ...[1, 2, 3].flatMap((times) =>
    ['file written', 'file renamed'].map((moment) => ({ moment, times, from: [], to: [a] })),
  ),
  ...stopping.map((moment) => ({ moment, from: [a, b], to: [a] })),
  ...['file written', 'file renamed'].map((moment) => ({ moment, from: [a], to: [] })),
  // Another release in its place: one starts while the other stops.
  ...['spawned', 'ended'].map((moment) => ({ moment, from: [a], to: [b] })),
  { moment: 'adopted', from: [a], to: [a, b] },
  ...['begun stop', 'ended', 'unlocking'].map((moment) => ({ moment, from: [a], to: [a], stops: true as const })),
  ...['found dead', 'ended', 'recorded stop', 'begun start', 'spawned', 'recorded ready'].map((moment) => ({
    moment,
    from: [a],
    to: [a],
    kills: true as const,
  })),
]

describe('kill -9 of the keeper', () => {
  const name = ({ moment, times, from, to, kills, stops }: Case): string => {
    const list = (all: readonly Instance[]): string =>
      all.map((each) => `${each.purpose} ${each.release}`).join(', ') || 'nothing'
    const moves = stops ? 'stops with all it has' : `goes from ${list(from)} to ${list(to)}`
    const does = kills ? 'restarts a that was killed' : moves
    return `at "${moment}"${times === undefined ? '' : ` (${times})`} while it ${does}: the next one makes it right`
  }
  for (const each of cases) {
    test.concurrent(name(each), async ({ expect, onTestFinished }) => {
      const host = testHost(onTestFinished)
      makeToyRelease(host.layout, 'a')
      makeToyRelease(host.layout, 'b')
      const { root } = host.layout
      if (each.from.length > 0) {
        const before = host.keeper()
        await before.start()
        before.want(each.from)
        await reaches(host, before, each.from)
        await before.stop('leave')
        host.told.length = 0
      }

      const times = each.times === undefined ? {} : { times: each.times }
      const victim = startKeeperChild(onTestFinished, { root, pauseAt: each.moment, ...times })
      if (each.from.length > 0 && each.moment !== 'locked') await victim.hears('started')
      victim.want(each.to)
      if (each.kills) {
        const [process] = host.tagged().filter((found) => found.leads)
        globalThis.process.kill(process?.process.pid ?? 0, 'SIGKILL')
      }
      if (each.stops) victim.stop()
      await victim.hears('paused')
      expect(await victim.kill()).toBe('SIGKILL')
      expect(existsSync(join(root, 'host.lock'))).toBe(true)

      const next = host.keeper()
      await next.start()
      next.want(each.to)
      await reaches(host, next, each.to)
      await next.stop('stop')
      expect(host.tagged()).toEqual([])
      expect(readdirSync(root).filter((file) => file.startsWith('host.lock'))).toEqual([])
    }, 60_000)
  }
})
