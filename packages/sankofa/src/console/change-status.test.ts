import { expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import type { ChangeState } from '../journal/index.ts'
import type { Reading } from '../judge/index.ts'
import { changeStatus } from './change-status.ts'

const at = new Date('2026-01-01T00:00:00Z')
const minute = 60_000

const migration: ChangeState = {
  change: changeId('0007_email'),
  kind: 'migration',
  state: 'proved',
  since: at,
  title: '0007_email',
  author: 'ama',
  proposedAt: at,
  plan: { group: '0007_email', after: [] },
  control: 'none',
  dependsOn: [],
  size: { unit: 'migration', n: 1 },
  stage: 0,
  share: 0,
  shareBefore: 0,
  lastId: 1n,
  lastAt: at,
  ignored: 0,
}
const out: ChangeState = {
  ...migration,
  state: 'exposed',
  stage: 1,
  share: 1,
  stageClockFrom: at,
  go: {
    goId: 1n,
    salt: '',
    stages: [{ share: 1, ruleOutRatio: undefined, ruleOutExcess: undefined, minimumMs: 5 * minute }],
    guards: [],
    alpha: 0.01,
    sampleRate: 1,
    startedAt: at,
    startedBy: 'ama',
    forecast: {
      requestsPerSecond: 1,
      subjectsPerWindow: 1,
      sentence: '',
      stages: [{ share: 1, expectedMs: 5 * minute, smallestRatio: undefined }],
      cannotSee: [],
    },
    before: { touchedRoutes: ['GET /me'], touched: { n: 900, errors: 9 }, untouched: { n: 900, errors: 9 } },
    begun: [{ stage: 1, at }],
    pauses: [],
    acceptedErrors: [],
  },
}
const readingOf = (requests: number): Reading => ({
  verdict: 'continue',
  stage: 1,
  logEvidence: -1,
  threshold: 4.6,
  leading: 'after against before',
  guards: [
    {
      guard: 'after against before',
      logEvidence: -1,
      exposed: { subjects: requests, failures: 0 },
      control: { subjects: 900, failures: 9 },
      logClear: 0,
    },
  ],
  subjectsHarmed: 0,
  sampleRatio: { exposed: 0, control: 0, logEvidence: -1 },
})

const words = (state: ChangeState, reading?: Reading, afterMs = minute, isApplied = false) => {
  const nowMs = at.getTime() + afterMs
  const { now, wait } = changeStatus(state, { reading, lastActor: 'ama', nowMs, isApplied })
  return { now, wait }
}

test('a migration that is applied already is not said to be ready to go', () => {
  expect(words(migration).now).toBe('Ready to go.')
  expect(words(migration, undefined, minute, true).now).toBe(
    'Applied already, without a rollout; its undo is proved. “sankofa migrate back 0007_email” takes it back.',
  )
  expect(words({ ...migration, state: 'proposed' }, undefined, minute, true).now).toContain(
    'its undo is not proved yet',
  )
})

test('what waits to go out says what it waits for, and not that it is out', () => {
  const error = 'It waits to go out, because nobody would see whether it hurts: No process of shop reports.'
  const waiting = { ...out, stage: 0, share: 0, failing: { step: 'wait', error, times: 1, at } }

  expect(words(waiting)).toEqual({ now: error, wait: '' })
})

test('what is out and meets no requests says so, and when a person is asked', () => {
  const missing = 'It waits for requests on the routes that it touches: none has come since, so nothing is known of it.'

  expect(words(out, undefined, 10_000).wait).toContain('Next stage in about')
  expect(words(out).wait).toBe(`${missing} If it stays so, a person is asked in 14 minutes.`)
  expect(words(out, readingOf(0)).wait).toContain(missing)
  expect(words(out, readingOf(40)).wait).toContain('Next stage in about 4 minutes')
})

test('routes that had no requests before leave nothing to compare with', () => {
  const { go } = out
  if (go?.before === undefined) throw new Error('there is one')
  const fresh = { ...out, go: { ...go, before: { ...go.before, touched: { n: 0, errors: 0 } } } }

  expect(words(fresh, readingOf(40)).wait).toContain('nothing to compare with')
})

test('a step that was refused is not said to be under way', () => {
  const held = { reason: 'it would break the release.', ask: 'Mend it.', cause: 'refused', at } as const
  const inFlight = { act: 'expose', stage: 1, share: 1, shareBefore: 0, at } as const

  expect(words({ ...out, stage: 0, share: 0, held, inFlight }).now).toContain('its step was refused')
})
