import { describe, expect, test } from 'vitest'
import { createJudge, type Judge } from './judge.ts'
import { mergeSubjects } from './merge-subjects.ts'
import { createRandom, createWorld, planFor, type Random } from './simulate/index.ts'
import type { Guard, JudgePlan, JudgeWindow, Stage, SubjectInWindow } from './types.ts'

const gate: Stage = { share: 0.1, ruleOutRatio: 10, ruleOutExcess: 0.05, minimumMs: 60_000 }
const last: Stage = { share: 0.99, ruleOutRatio: undefined, ruleOutExcess: undefined, minimumMs: 300_000 }
const errors: Guard = { id: 'errors', measure: 'errors', weight: 0.5 }
const unanswered: Guard = { id: 'unanswered', measure: 'unanswered', weight: 0.45 }
const plan: JudgePlan = { stages: [gate, { ...gate, share: 0.5 }, last], guards: [errors, unanswered], alpha: 0.01 }

/** A hundred subjects; those below `share · 100` are exposed, and each is new in every window unless told otherwise. */
function window(
  number: number,
  fails: (subject: number, exposed: boolean) => number = () => 0,
  { share = 0.1, before = 0, sameSubjects = false } = {},
): JudgeWindow {
  const subjects = Array.from({ length: 100 }, (_, i): SubjectInWindow => {
    const exposed = i < share * 100
    const subject = sameSubjects ? `${i}` : `${number} ${i}`
    return { subject, exposed, fresh: i >= before * 100, failed: fails(i, exposed) }
  })
  return { startMs: number * 10_000, subjects }
}

const exposedFail = (_: number, exposed: boolean): number => (exposed ? 1 : 0)

describe('the verdict', () => {
  test('takes no notice of slowness before its share and its warm-up, and waits for it from that share on', () => {
    const slow: Guard = { id: 'slow', measure: 'latency', quantile: 0.9, thresholdsUs: {}, weight: 0.45 }
    const judge = createJudge({ ...plan, guards: [errors, { ...slow, fromShare: 0.5, warmUpMs: 60_000 }] })
    const slower = (_: number, exposed: boolean): number => (exposed ? 2 : 0)
    const atHalf = { share: 0.5, before: 0.1 }
    const early = Array.from({ length: 60 }, (_, number) => judge.window(window(number, slower))).at(-1)

    judge.beginStage(2, 600_000)
    const warming = Array.from({ length: 6 }, (_, number) => judge.window(window(60 + number, slower, atHalf))).at(-1)
    const warm = judge.window(window(66, slower, atHalf))

    expect(early?.verdict).toBe('promote')
    expect(warming?.verdict).toBe('continue')
    expect(warming?.guards[1]?.logClear).toBeLessThan(Math.log(20))
    expect(warm).toMatchObject({ verdict: 'undo', leading: 'slow' })
  })

  test('is undo as soon as exposed subjects alone fail, and names the guard and those harmed', () => {
    const judge = createJudge(plan)
    const reading = judge.window(window(0, exposedFail))
    expect(reading).toMatchObject({ verdict: 'undo', leading: 'errors', stage: 1, subjectsHarmed: 10 })
    expect(reading.logEvidence).toBeGreaterThan(reading.threshold)
    expect(reading.guards[0]).toMatchObject({
      exposed: { subjects: 10, failures: 10 },
      control: { subjects: 90, failures: 0 },
    })
  })

  test('counts a subject who fails again and again once', () => {
    const judge = createJudge(plan)
    const oneSubject = (i: number): number => (i === 0 ? 1 : 0)
    let reading = judge.window(window(0, oneSubject, { sameSubjects: true }))
    const after = reading.logEvidence
    for (let i = 1; i < 50; i++) reading = judge.window(window(i, oneSubject, { sameSubjects: true }))
    expect(reading.guards[0]?.exposed).toEqual({ subjects: 10, failures: 1 })
    expect(reading.logEvidence).toBe(after)
  })

  test('is promote when every gate is clear, not before the least time', () => {
    const judge = createJudge(plan)
    const verdicts = Array.from({ length: 12 }, (_, i) => judge.window(window(i)).verdict)
    expect(verdicts.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'continue'))
    expect(verdicts.at(-1)).toBe('promote')
  })

  test('is never promote while one gate is not clear', () => {
    // So little weight on errors that they never undo: only the gate can keep the change back.
    const judge = createJudge({ ...plan, guards: [{ ...errors, weight: 1e-300 }, unanswered] })
    for (let i = 0; i < 30; i++) expect(judge.window(window(i, exposedFail)).verdict).toBe('continue')
  })

  test('leaves the last stage by time', () => {
    const judge = createJudge(plan)
    judge.beginStage(3, 0)
    const verdicts = Array.from(
      { length: 30 },
      (_, i) => judge.window(window(i, undefined, { share: 0.99, before: 0.5 })).verdict,
    )
    expect(verdicts.indexOf('promote')).toBe(29)
  })

  test('speaks of the sample ratio when exposed subjects do not arrive', () => {
    const judge = createJudge(plan)
    const onlyControl = (number: number): JudgeWindow => {
      const all = window(number)
      return { ...all, subjects: all.subjects.filter(({ exposed }) => !exposed) }
    }
    let reading = judge.window(onlyControl(0))
    for (let i = 1; i < 4; i++) reading = judge.window(onlyControl(i))
    expect(reading).toMatchObject({ verdict: 'undo', leading: 'sample-ratio' })
  })

  test('finds harm to the formerly exposed alone, by its second reading', () => {
    const judge = createJudge(plan)
    judge.window(window(0))
    judge.beginStage(2, 10_000)
    const formerly = (subject: number): number => (subject < 10 ? 1 : 0)
    const windows = [1, 2].map((i) => window(i, formerly, { share: 0.5, before: 0.1 }))
    const [, reading] = windows.map((each) => judge.window(each))
    expect(reading).toMatchObject({ verdict: 'undo', leading: 'errors' })
  })

  test('refuses a plan that it cannot hold', () => {
    expect(() => createJudge({ ...plan, stages: [] })).toThrow('at least one stage')
    expect(() => createJudge({ ...plan, guards: Array.from({ length: 31 }, () => errors) })).toThrow('this one has 31')
    expect(() => createJudge(plan).beginStage(4, 0)).toThrow('Stage 4 is asked for, but the plan has 3.')
  })
})

describe('the same data give the same evidence, to the bit', () => {
  type Step = { readonly stage: number; readonly window: JudgeWindow }
  const world = createWorld({ seed: 11, customers: 800, requestsPerSecond: 20 })
  const real = planFor(world.baseline())
  /** An hour, over three stages and an epoch. */
  const steps: readonly Step[] = Array.from({ length: 360 }, (_, i) => {
    const stage = i < 20 ? 1 : i < 60 ? 2 : 3
    const { share = 0 } = real.stages[stage - 1] ?? {}
    const shareBefore = real.stages[stage - 2]?.share ?? 0
    const exposure = {
      goId: 1n,
      salt: 'same',
      stage,
      share,
      shareBefore,
      guards: real.guards,
      effect: { fails: 0.003 },
    }
    const startMs = i * 10_000
    const subjects = world.window({ startMs, exposures: [exposure] }).changes.get(1n)?.subjects ?? []
    return { stage, window: { startMs, subjects } }
  })
  const run = (judge: Judge, some: readonly Step[]) =>
    some.map(({ stage, window }) => {
      judge.beginStage(stage, window.startMs)
      return judge.window(window)
    })
  const expected = run(createJudge(real), steps)
  const random = createRandom(5)

  test('whatever the order of the reports, and in however many parts a subject is reported', () => {
    const half = (subject: SubjectInWindow, bits: number): SubjectInWindow => ({
      ...subject,
      failed: subject.failed & bits,
    })
    const mixed = steps.map(({ stage, window }) => {
      const reports = window.subjects.flatMap((subject) => [
        half(subject, 0o1252525),
        half(subject, ~0o1252525),
        half(subject, 0),
      ])
      return { stage, window: { ...window, subjects: shuffle(random, reports) } }
    })
    expect(run(createJudge(real), mixed)).toEqual(expected)
  })

  test('whether reports of several processes are merged before or not', () => {
    const split = steps.map(({ stage, window }) => {
      const parts = [0, 1, 2].map((part) =>
        window.subjects.map((subject) => ({ ...subject, failed: subject.failed & (0o11111111111 << part) })),
      )
      return { stage, window: { ...window, subjects: mergeSubjects(parts) } }
    })
    expect(run(createJudge(real), split)).toEqual(expected)
  })

  test('after a restart from a snapshot that went through JSON, at any window', () => {
    for (const at of [0, 7, 20, 61, 250]) {
      const before = createJudge(real)
      run(before, steps.slice(0, at))
      const after = createJudge(real, JSON.parse(JSON.stringify(before.snapshot())))
      expect(run(after, steps.slice(at))).toEqual(expected.slice(at))
    }
  })

  test('when windows of the stage, and its beginning, are given again', () => {
    const again = steps.flatMap((step, i) => {
      const before = steps.slice(Math.max(i - 2, 0), i).filter(({ stage }) => stage === step.stage)
      return [step, ...before, step]
    })
    expect(run(createJudge(real), again).at(-1)).toEqual(expected.at(-1))
  })
})

test('a million windows leave every number finite', { timeout: 120_000 }, () => {
  const judge = createJudge({ ...plan, stages: [{ ...gate, share: 0.5 }], guards: [errors] })
  const random = createRandom(3)
  const subjects = Array.from({ length: 4 }, (_, i) => ({ subject: `${i}`, exposed: i % 2 === 0, fresh: true }))
  for (let i = 0; i < 1_000_000; i++) {
    const failing = random.bits()
    const startMs = i * 10_000
    const reading = judge.window({
      startMs,
      subjects: subjects.map((subject, s) => ({ ...subject, failed: (failing >> s) & 1 })),
    })
    if (i % 1_000 !== 0) continue
    const numbers = [
      reading.logEvidence,
      reading.sampleRatio.logEvidence,
      ...reading.guards.map((guard) => guard.logClear ?? 0),
    ]
    expect(numbers.every(Number.isFinite)).toBe(true)
  }
  expect(JSON.parse(JSON.stringify(judge.snapshot()))).toEqual(judge.snapshot())
})

function shuffle<T>(random: Random, list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, at: random.bits() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
