import { describe, expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import type { ChangeState, Go, Pending } from '../journal/index.ts'
import type { Reading } from '../judge/index.ts'
import { decide, type Sight } from './decide.ts'
import { noFacts } from './facts.ts'

const nowMs = 10_000_000
const stages = [0.02, 0.5, 0.99].map((share) => ({
  share,
  ruleOutRatio: 2,
  ruleOutExcess: 0.01,
  minimumMs: 300_000,
}))
const go = {
  stages,
  begun: [],
  pauses: [],
  acceptedErrors: [],
  forecast: { stages: stages.map(({ share }) => ({ share, expectedMs: 100_000, smallestRatio: 2 })) },
} as unknown as Go
const reading = (verdict: Reading['verdict'], leading = 'errors'): Reading => ({
  verdict,
  stage: 1,
  logEvidence: 5,
  threshold: 4.6,
  leading,
  guards: [
    {
      guard: 'errors',
      logEvidence: 5,
      exposed: { subjects: 40, failures: 12 },
      control: { subjects: 1_960, failures: 3 },
      logClear: undefined,
    },
  ],
  subjectsHarmed: 12,
  sampleRatio: { exposed: 10, control: 900, logEvidence: 0 },
})
const pending = (want: Pending['want']): Pending => ({ want, actor: 'ama', reason: 'because', at: new Date(nowMs) })
const sight = (state: Partial<ChangeState>, rest: Partial<Omit<Sight, 'state'>> = {}): Sight => ({
  state: {
    change: changeId('any'),
    control: 'subjects',
    state: 'exposed',
    stage: 1,
    share: 0.02,
    go,
    ...state,
  } as ChangeState,
  facts: noFacts,
  silent: undefined,
  waitsFor: undefined,
  nowMs,
  settleLagMs: 15_000,
  ...rest,
})
const held = { cause: 'person', reason: 'r', ask: 'a', at: new Date(0) } as const

describe('what comes first', () => {
  test('a person who takes it back comes before everything', () => {
    const facts = { ...noFacts, last: reading('promote'), promote: true }
    expect(decide(sight({ pending: pending('back'), held }, { facts, silent: 'silence' }))).toMatchObject({
      act: 'undo',
      cause: 'person',
    })
  })

  test('a person may give as long a reason as the journal takes', () => {
    const reason = 'x'.repeat(10_000)
    const asked = (want: Pending['want']) => decide(sight({ pending: { ...pending(want), reason } }))
    expect(asked('back')).toMatchObject({
      act: 'undo',
      reason: expect.stringMatching(/^ama took it back: x{1000,9000} …$/),
    })
    expect(asked('hold')).toMatchObject({ act: 'hold', reason: expect.stringMatching(/^ama: x{1000,9000} …$/) })
  })

  test('harm comes before silence, a hold and promotion', () => {
    const facts = { ...noFacts, last: reading('undo'), promote: true }
    expect(decide(sight({ pending: pending('hold') }, { facts, silent: 'silence' }))).toMatchObject({
      act: 'undo',
      cause: 'judge',
      reason:
        'Guard errors: 12 of 40 customers with the change failed, 3 of 1,960 without. Evidence 148 to 1, undone at 99.5.',
    })
  })

  test('too few in one arm is an undo of its own cause', () => {
    const facts = { ...noFacts, last: reading('undo', 'sample-ratio') }
    expect(decide(sight({}, { facts }))).toMatchObject({ act: 'undo', cause: 'sample-ratio' })
  })

  test('an undo that waits for a person is not asked for again', () => {
    const facts = { ...noFacts, last: reading('undo') }
    expect(decide(sight({ held: { ...held, cause: 'undo' } }, { facts }))).toBeUndefined()
  })
})

describe('going on', () => {
  const promote = { ...noFacts, last: reading('promote'), promote: true }

  test('a cleared stage is followed by the next', () => {
    expect(decide(sight({}, { facts: promote }))).toEqual({ act: 'expose', stage: 2 })
  })

  test('nothing goes on while it is held, at 0, or silent', () => {
    expect(decide(sight({ held }, { facts: promote }))).toBeUndefined()
    expect(decide(sight({ paused: 'silence', share: 0 }, { facts: promote, silent: 'silence' }))).toBeUndefined()
    expect(decide(sight({}, { facts: promote, silent: 'silence' }))).toMatchObject({ act: 'pause' })
    expect(decide(sight({ stage: 0, share: 0 }, { silent: 'silence' }))).toBeUndefined()
  })

  test('the last stage bakes from its exposure, and settles only after its last windows can have come in', () => {
    const stageClockFrom = new Date(nowMs)
    const last = { stage: 3, share: 0.99, stageClockFrom }
    expect(decide(sight(last))).toEqual({ act: 'bake', untilMs: nowMs + 300_000 })
    const baking = { ...last, state: 'bake', bakeUntil: new Date(nowMs + 300_000) } as const
    expect(decide(sight(baking, { nowMs: nowMs + 314_999 }))).toBeUndefined()
    expect(decide(sight(baking, { nowMs: nowMs + 315_000 }))).toEqual({ act: 'settle' })
  })

  test('after a pause the last stage bakes anew', () => {
    const stageClockFrom = new Date(nowMs)
    const baking = { state: 'bake', stage: 3, share: 0.99, stageClockFrom, bakeUntil: new Date(nowMs + 1_000) } as const
    expect(decide(sight(baking))).toEqual({ act: 'bake', untilMs: nowMs + 300_000 })
  })

  test('a change that bakes is still undone by its evidence', () => {
    const baking = {
      state: 'bake',
      stage: 3,
      share: 0.99,
      bakeUntil: new Date(0),
      stageClockFrom: new Date(-1e9),
    } as const
    expect(decide(sight(baking, { facts: { ...noFacts, last: reading('undo') } }))).toMatchObject({ act: 'undo' })
  })
})

test('a new kind of error holds when chance would not bring it to the exposed alone', () => {
  const kind = { fingerprint: 'f', route: 'GET /search', name: 'RangeError', controlSubjects: 0 }
  const met = (exposedSubjects: number) => ({ ...noFacts, newKinds: [{ ...kind, exposedSubjects }] })
  expect(decide(sight({}, { facts: met(1) }))).toBeUndefined()
  expect(decide(sight({}, { facts: met(2) }))).toMatchObject({ act: 'hold', cause: 'new-error', fingerprint: 'f' })
  expect(decide(sight({ share: 0.5 }, { facts: met(6) }))).toBeUndefined()
  expect(decide(sight({ share: 0.5 }, { facts: met(7) }))).toMatchObject({ act: 'hold', cause: 'new-error' })
})

describe('the deadline', () => {
  const undecided = { stageClockFrom: new Date(nowMs - 300_001) }

  test('a stage that takes more than three times what was expected asks a person', () => {
    expect(decide(sight({ stageClockFrom: new Date(nowMs - 300_000) }))).toBeUndefined()
    expect(decide(sight(undecided))).toMatchObject({ act: 'hold', cause: 'deadline' })
  })

  test('evidence that came in while nobody looked goes first', () => {
    expect(decide(sight(undecided, { facts: { ...noFacts, promote: true } }))).toEqual({ act: 'expose', stage: 2 })
  })

  test('evidence that comes in while a person is asked lets it go on', () => {
    const asked = { ...undecided, held: { ...held, cause: 'deadline' } } as const
    expect(decide(sight(asked, { facts: { ...noFacts, promote: true } }))).toMatchObject({
      act: 'resume',
      nextStage: false,
    })
  })

  test('a person who is asked may take it to the next stage', () => {
    const asked = { ...undecided, held: { ...held, cause: 'deadline' }, pending: pending('go') } as const
    expect(decide(sight(asked))).toMatchObject({ act: 'resume', nextStage: true })
    expect(decide(sight({ nextStageOnWord: true }))).toEqual({ act: 'expose', stage: 2 })
  })

  test('without a control the only stage must be cleared, and a person is asked when it is not', () => {
    const bakeUntil = new Date(nowMs)
    const whole = {
      control: 'none',
      state: 'bake',
      share: 1,
      stage: 1,
      bakeUntil,
      go: { ...go, stages: stages.slice(2) },
    } as const
    const later = { nowMs: nowMs + 20_000 }
    const from = { stageClockFrom: new Date(nowMs - 300_000) }
    expect(decide(sight({ ...whole, ...from }, { ...later, nowMs: nowMs }))).toBeUndefined()
    expect(decide(sight({ ...whole, ...from }, later))).toMatchObject({ act: 'hold', cause: 'deadline' })
    expect(decide(sight({ ...whole, ...from }, { ...later, facts: { ...noFacts, promote: true } }))).toEqual({
      act: 'settle',
    })
    expect(decide(sight({ ...whole, ...from, nextStageOnWord: true }, later))).toEqual({ act: 'settle' })
  })

  test('a go on what a person held does not skip the evidence', () => {
    expect(decide(sight({ held, pending: pending('go') }))).toMatchObject({ act: 'resume', nextStage: false })
  })
})

describe('a migration', () => {
  const migration = { kind: 'migration', control: 'none', share: 1 } as const
  const asked = { ...sight({ ...migration, held: { ...held, cause: 'undo' } }).state, change: changeId('0042_phone') }

  test('is held, never taken back, because nobody reports', () => {
    expect(decide(sight(migration, { silent: 'Nobody reports.' }))).toMatchObject({
      act: 'hold',
      reason: 'Nobody reports.',
    })
  })

  test('that seems to hurt and waits for a person holds everything else', () => {
    expect(decide(sight({}, { waitsFor: asked }))).toMatchObject({
      act: 'hold',
      cause: 'migration',
      reason: expect.stringContaining('0042_phone, a migration, seems to hurt'),
    })
  })

  test('holds nobody against their own harm', () => {
    const facts = { ...noFacts, last: reading('undo') }
    const standing = { held: { ...held, cause: 'migration' } } as const
    expect(decide(sight(standing, { facts, waitsFor: asked }))).toMatchObject({ act: 'undo', cause: 'judge' })
  })

  test('once answered for, lets the others go on', () => {
    const standing = { held: { ...held, cause: 'migration' } } as const
    expect(decide(sight(standing, { waitsFor: asked }))).toBeUndefined()
    expect(decide(sight(standing))).toMatchObject({ act: 'resume' })
  })
})
