import { expect, test } from 'vitest'
import { awayReleases } from './away-releases.ts'
import type { CurrentRelease, HostProcess, NextRelease, ReleaseHost, ServiceReleases } from './contract.ts'
import { healthOf } from './release-health.ts'
import { summarize } from './summary-words.ts'

const aProcess = (release: string, state: string): HostProcess => ({
  release,
  state,
  purpose: 'serve',
  inFlight: 0,
  checks: [],
  restarts: 0,
  error: null,
  startedInMs: 900,
  since: new Date(0).toISOString(),
})
const aHost = (host: string, processes: readonly HostProcess[], silent = false): ReleaseHost => ({
  host,
  processes,
  silent,
  ageMs: silent ? 60_000 : 2_000,
  gateway: { state: 'ready', restarts: 0, error: null, connections: 3, inFlight: 0 },
})
const bare = { title: null, author: null, madeAt: null, madeBy: null, from: null, size: null, news: null }

function aService(hosts: readonly ReleaseHost[], share?: number): ServiceReleases {
  const current: CurrentRelease = { ...bare, release: 'old', since: null, health: healthOf(hosts, 'old') }
  const next: NextRelease = {
    ...bare,
    release: 'new',
    change: 'c',
    share: share ?? 0,
    stage: 1,
    stages: 4,
    health: healthOf(hosts, 'new'),
  }
  return { service: 'market', current, next: share === undefined ? null : next, waiting: [], hosts, made: [] }
}
const both = [aProcess('old', 'ready'), aProcess('new', 'ready')]
const say = (...services: readonly ServiceReleases[]): string => summarize(services).sentence.replaceAll('\u00a0', ' ')

test('each situation has its one sentence', () => {
  expect(say()).toBe('No release has been made yet.')
  expect(say({ ...aService([]), current: null })).toBe('Nobody gets a release yet.')
  expect(say(aService([]))).toBe('Not known: no host reports, so nobody may get old.')
  expect(say(aService([aHost('one', both)]))).toBe('Everybody gets old, and nothing goes out.')
  expect(say(aService([aHost('one', both)], 0))).toBe('new is given to nobody yet; everybody else gets old.')
  expect(say(aService([aHost('one', both)], 0.1))).toBe('new is given to 10 % of customers; everybody else gets old.')
  expect(say(aService([aHost('one', both)], 1))).toBe('new is given to everybody and watched; old runs on beside it.')
  expect(say(aService([aHost('one', both)]), { ...aService([aHost('one', [])], 0.1), service: 'mail' })).toBe(
    'mail: new is given to 10 % of customers; everybody else gets old.',
  )
})

test('a host that is silent is never as good as its last word', () => {
  const silent = [aHost('one', both, true)]

  expect(healthOf(silent, 'old')).toEqual({ state: 'unknown', words: 'No word from one.' })
  expect(say(aService(silent))).toBe('Not known: no host has reported of late.')
  expect(healthOf([aHost('two', both), ...silent], 'old')).toEqual({
    state: 'unknown',
    words: 'Ready on two; no word from one.',
  })
})

test('a release is ready only where every host says so, and one that fails is told first', () => {
  const failing = aHost('two', [aProcess('old', 'failed')])

  expect(healthOf([aHost('one', both)], 'old').state).toBe('ready')
  expect(healthOf([aHost('one', both), aHost('two', [])], 'old').state).toBe('starting')
  expect(healthOf([aHost('one', both), failing], 'old')).toEqual({ state: 'failed', words: 'Does not come up on two.' })
  expect(healthOf([aHost('one', [{ ...aProcess('old', 'ready'), purpose: 'rehearse' }])], 'old').state).toBe('starting')
  expect(say(aService([aHost('one', [aProcess('old', 'ready'), aProcess('new', 'failed')])], 0.1))).toBe(
    'new, given to 10 % of customers, does not run everywhere.',
  )
  const closed = { state: 'failed', restarts: 9, error: 'EADDRINUSE', connections: null, inFlight: null }
  expect(say(aService([{ ...aHost('one', both), gateway: closed }], 0.1))).toBe(
    'Nobody is served on one: the gateway does not run.',
  )
  expect(say(aService([aHost('one', both), failing]))).toBe('old, which everybody gets, does not run everywhere.')
})

test('while the database is away nothing is ready or running, and the age goes on', () => {
  const nowMs = Date.UTC(2026, 10, 23)
  const services = [aService([aHost('one', both)], 0.1)]
  const at = new Date(nowMs).toISOString()
  const ship = {
    run: 'r',
    change: 'c',
    actor: 'Ama',
    state: 'running',
    words: '',
    startedAt: at,
    lastAt: at,
    steps: [],
  } as const
  const last = { ...summarize(services), services, ships: [ship], at }

  const away = awayReleases(last, 'it is gone', nowMs + 14_000)

  expect(away).toMatchObject({ away: 'it is gone', sentence: expect.stringContaining('14 s old') })
  expect(away.services[0]).toMatchObject({
    current: { health: { state: 'unknown' } },
    next: { health: { state: 'unknown' } },
  })
  expect(away.services[0]?.hosts[0]).toMatchObject({ silent: true, ageMs: 16_000 })
  expect(away.ships[0]?.state).toBe('unknown')
})
