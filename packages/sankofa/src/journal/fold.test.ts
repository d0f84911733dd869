import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import { advance, foldChange } from './fold.ts'
import type { JournalRecord, RecordData, RecordType } from './record.ts'
import { contradiction, mayAppend } from './rules.ts'
import { type ChangeState, expectedShares } from './state.ts'

const stages = [0.02, 0.1, 0.5, 0.99].map((share) => ({
  share,
  ruleOutRatio: 2,
  ruleOutExcess: 0.01,
  minimumMs: 60_000,
}))
const proof = {
  ok: true,
  digest: 'd',
  base: 'b',
  expiresAt: '2100-01-01T00:00:00Z',
  loss: 'kept' as const,
  undoMs: 1,
  locks: [],
  steps: [],
}
const undone = { undone: { tookMs: 1, summary: 'share 0' } }

type Draft = { [T in RecordType]: { readonly type: T; readonly data: RecordData[T] } }[RecordType]

/** Any record at all, sensible or not: what may follow is for the rules to say. */
const anyDraft: fc.Arbitrary<Draft> = fc.oneof(
  fc.constantFrom<Draft>(
    {
      type: 'proposed',
      data: { plan: {}, title: 't', control: 'subjects', dependsOn: [], size: { unit: 'flags', n: 1 } },
    },
    { type: 'proved', data: { proof } },
    { type: 'proved', data: { proof: { ...proof, expiresAt: '2000-01-01T00:00:00Z' } } },
    { type: 'refused', data: { reason: 'no' } },
    { type: 'go-requested', data: {} },
    { type: 'go-requested', data: { unproved: 'we must' } },
    { type: 'hold-requested', data: { reason: 'wait' } },
    { type: 'back-requested', data: { reason: 'hurts' } },
    { type: 'held', data: { reason: 'undecided', ask: 'go or back', cause: 'deadline' } },
    { type: 'held', data: { reason: 'the release needs it', ask: 'go or back', cause: 'refused' } },
    { type: 'resumed', data: { reason: 'go' } },
    { type: 'baking', data: { untilMs: 1 } },
    { type: 'undoing', data: { reason: 'hurts', cause: 'judge' } },
    { type: 'undone', data: undone },
    { type: 'settling', data: {} },
    { type: 'settled', data: {} },
    { type: 'step-failed', data: { step: 'expose', error: 'away' } },
  ),
  fc.constantFrom<Draft>(startedDraft(undefined), startedDraft('we must')),
  fc.integer({ min: 1, max: 5 }).chain((stage) => fc.constantFrom<Draft>(...exposures(stage))),
)

function startedDraft(unproved: string | undefined): Draft {
  const forecast = { requestsPerSecond: 1, subjectsPerWindow: 1, sentence: '', stages: [], cannotSee: [] }
  const data = { salt: '0123456789abcdef', stages, guards: [], alpha: 0.01, sampleRate: 1, forecast }
  return { type: 'started', data: unproved === undefined ? data : { ...data, unproved } }
}

function exposures(stage: number): readonly Draft[] {
  const share = stages[stage - 1]?.share ?? 1
  const shareBefore = stages[stage - 2]?.share ?? 0
  return [
    { type: 'exposing', data: { stage, share, shareBefore } },
    { type: 'exposing', data: { stage, share: 0, shareBefore, reason: 'silence' } },
    { type: 'exposed', data: { stage, share } },
    { type: 'exposed', data: { stage, share: 0 } },
  ]
}

const asRecord = (draft: Draft, index: number): JournalRecord => ({
  id: BigInt(index + 1),
  at: new Date(1_800_000_000_000 + index * 1_000),
  change: changeId('any'),
  kind: 'flag',
  actor: 'ama',
  epoch: undefined,
  ...draft,
})

/** From random drafts, only those that the rules allow where they stand: long walks through the whole machine. */
function legalWalk(drafts: readonly Draft[]): { records: readonly JournalRecord[]; states: readonly ChangeState[] } {
  const records: JournalRecord[] = []
  const states: ChangeState[] = []
  for (const draft of drafts) {
    const state = states.at(-1)
    const record = asRecord(draft, records.length)
    if (mayAppend(state, record.type) !== undefined) continue
    if (state !== undefined && contradiction(state, record) !== undefined) continue
    const next = advance(state, record)
    if (next === undefined) continue
    records.push(record)
    states.push(next)
  }
  return { records, states }
}
/** Plain walks die young: mix in the records of a whole life, so that late states are visited too. */
const life: readonly Draft[] = [
  { type: 'proposed', data: { plan: {}, title: 't', control: 'subjects', dependsOn: [], size: { unit: 'x', n: 1 } } },
  { type: 'proved', data: { proof } },
  { type: 'go-requested', data: {} },
  startedDraft(undefined),
  ...stages.flatMap((_, index) =>
    exposures(index + 1).filter((draft) => 'share' in draft.data && draft.data.share > 0),
  ),
  { type: 'baking', data: { untilMs: 1 } },
  { type: 'settling', data: {} },
  { type: 'settled', data: {} },
]
const anyWalk = fc
  .tuple(fc.integer({ min: 0, max: life.length }), fc.array(anyDraft, { maxLength: 80 }))
  .map(([length, drafts]) => legalWalk([...life.slice(0, length), ...drafts]))

describe('folding', () => {
  test('any legal sequence folds without leaving a record out', () => {
    fc.assert(
      fc.property(anyWalk, ({ records }) => {
        expect(foldChange(records)?.ignored ?? 0).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  test('folding records a second time changes nothing', () => {
    fc.assert(
      fc.property(anyWalk, ({ records }) => {
        expect(foldChange([...records, ...records])).toEqual(foldChange(records))
      }),
    )
  })

  test('a record that the rules forbid changes nothing but the count of the ignored', () => {
    const forbidden = fc.tuple(anyWalk, anyDraft).filter(([{ records, states }, draft]) => {
      const state = states.at(-1)
      const record = asRecord(draft, records.length)
      return state !== undefined && (mayAppend(state, record.type) ?? contradiction(state, record)) !== undefined
    })
    fc.assert(
      fc.property(forbidden, ([{ records, states }, draft]) => {
        const before = states.at(-1)
        const after = foldChange([...records, asRecord(draft, records.length)])
        expect(after).toEqual({ ...before, ignored: 1, lastId: BigInt(records.length + 1) })
      }),
    )
  })

  test('walks reach every state', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(anyWalk, ({ states }) => {
        for (const state of states) {
          seen.add(state.state)
          if (state.inFlight !== undefined) seen.add(state.inFlight.act)
          if (state.paused !== undefined) seen.add('paused')
          if (state.held !== undefined) seen.add('held')
        }
      }),
      { numRuns: 500, seed: 7 },
    )
    const all = ['proposed', 'proved', 'refused', 'exposed', 'bake', 'settled', 'undone']
    expect([...seen].sort()).toEqual([...all, 'expose', 'undo', 'settle', 'paused', 'held'].sort())
  })
})

describe('what the world must show', () => {
  test('is one share, except while something is in flight: then the old or the new', () => {
    fc.assert(
      fc.property(anyWalk, ({ records, states }) => {
        for (const [index, state] of states.entries()) {
          const expected = expectedShares(state)
          if (state.inFlight === undefined) expect(expected).toEqual([state.share])
          const record = records[index]
          if (record?.type === 'exposing') expect(expected).toContain(record.data.share)
          if (record?.type === 'exposed') expect(expected).toEqual([record.data.share])
          if (record?.type === 'undoing') expect(expected).toContain(0)
          if (record?.type === 'undone') expect(expected).toEqual([0])
          if (record?.type === 'settled') expect(expected).toEqual([1])
        }
      }),
      { numRuns: 500 },
    )
  })

  test('never moves without a begin journalled before the act', () => {
    fc.assert(
      fc.property(anyWalk, ({ states }) => {
        for (const [index, state] of states.entries()) {
          const before = states[index - 1]
          if (before === undefined || state.share === before.share) continue
          expect(expectedShares(before)).toContain(state.share)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('going out', () => {
  test('needs a proof that holds, or the reason of the person who goes without', () => {
    fc.assert(
      fc.property(anyWalk, ({ states, records }) => {
        for (const [index, state] of states.entries()) {
          if (state.state !== 'exposed' && state.state !== 'bake') continue
          const startedAt = state.go?.startedAt.getTime() ?? 0
          const proved = state.proof !== undefined && Date.parse(state.proof.expiresAt) > startedAt
          expect(proved || state.unproved !== undefined, `record ${records[index]?.type}`).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('never skips a stage, and never goes on while held or paused', () => {
    fc.assert(
      fc.property(anyWalk, ({ states }) => {
        for (const [index, state] of states.entries()) {
          const before = states[index - 1]
          if (before === undefined || state.go?.goId !== before.go?.goId) continue
          expect(state.stage - before.stage).toBeLessThanOrEqual(1)
          if (before.paused !== undefined) expect(state.stage).toBe(before.stage)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('what is settled can neither be taken back nor exposed again', () => {
    const settled = foldChange(life.map(asRecord))
    expect(settled?.state).toBe('settled')
    for (const type of ['back-requested', 'undoing', 'exposing', 'started', 'proposed'] as const) {
      expect(mayAppend(settled, type), type).toBeDefined()
    }
  })

  test('a second go of an undone change forgets the evidence and the stages of the first', () => {
    const first: readonly Draft[] = [
      ...life.slice(0, 6),
      { type: 'undoing', data: { reason: 'hurts', cause: 'judge' } },
      { type: 'undone', data: undone },
      { type: 'go-requested', data: {} },
      startedDraft(undefined),
    ]
    const state = foldChange(first.map(asRecord))
    expect(state).toMatchObject({ state: 'exposed', stage: 0, share: 0, undoneBecause: undefined })
    expect(state?.go).toMatchObject({ goId: BigInt(first.length), begun: [], pauses: [] })
  })
})
