import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ChangeStatus, CulpritStory, SignalStatus } from './contract.ts'
import { judge, type Known, staleMs } from './verdict.ts'

const nowMs = Date.UTC(2026, 10, 23, 14, 26)
const aChange = (over: Partial<ChangeStatus> = {}): ChangeStatus => ({
  id: 'new-checkout',
  kind: 'flag',
  title: 'New checkout',
  author: 'Kofi',
  state: 'exposed',
  stage: 2,
  stages: [],
  share: 0.1,
  reach: '10 % of customers',
  undoProved: true,
  undoWords: '',
  evidence: null,
  now: '',
  wait: 'Next stage in about 3 minutes if it does no harm.',
  lastActor: 'watcher',
  lastAt: new Date(nowMs).toISOString(),
  held: null,
  can: { go: false, hold: true, back: true },
  ...over,
})
const aSignal = (name: SignalStatus['name'], state: SignalStatus['state']): SignalStatus => ({
  name,
  state,
  audience: 'technical',
  label: name,
  value: 1,
  unit: 'share',
  usual: 1,
  limit: 1,
  worse: 'above',
  shown: '1',
  words: '',
})
const aStory = (over: Partial<CulpritStory> = {}): CulpritStory => ({
  change: 'new-checkout',
  title: 'New checkout',
  author: 'Kofi',
  startedAt: new Date(nowMs - 400_000).toISOString(),
  undoneAt: new Date(nowMs - 120_000).toISOString(),
  harmed: 23,
  happened: 'It happened.',
  done: '',
  certainty: '',
  evidence: null,
  cost: '',
  ...over,
})
const known = (over: Partial<Known> = {}): Known => ({
  changes: [],
  signals: [],
  measuring: { ageMs: 8_000, dropped: 0, processes: [], requestsPerSecond: 50, watching: true },
  story: null,
  normalAgain: undefined,
  nowMs,
  ...over,
})
const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

test('each situation has its one sentence', () => {
  const situations: readonly (readonly [Partial<Known>, string, string])[] = [
    [{}, 'well', 'All is well, and nothing is going out.'],
    [{ changes: [aChange()] }, 'watching', 'new-checkout is out to 10 % of customers, and nobody is worse off so far.'],
    [{ changes: [aChange(), aChange({ id: 'b' })] }, 'watching', '2 changes are out, and nobody is worse off so far.'],
    [
      { changes: [aChange({ held: { reason: 'Undecided.', ask: 'Look.' } })] },
      'watching',
      'new-checkout is held, and a person must decide.',
    ],
    [{ story: aStory({ undoneAt: null }) }, 'hurting', 'new-checkout is hurting customers and is being taken back.'],
    [{ story: aStory() }, 'hurting', 'new-checkout hurt 23 customers and was taken back 2 minutes ago.'],
    [
      { story: aStory(), normalAgain: true },
      'recovered',
      'new-checkout hurt 23 customers and was taken back 2 minutes ago. All is normal again.',
    ],
    [
      { signals: [aSignal('failed', 'beyond')] },
      'hurting',
      'More requests fail than usual, and no change is named for it.',
    ],
  ]

  for (const [situation, verdict, sentence] of situations) {
    const judged = judge(known(situation))
    expect([judged.verdict, plain(judged.sentence)]).toEqual([verdict, sentence])
  }
})

test('money that swings does not by itself say that customers are hurt', () => {
  expect(judge(known({ signals: [aSignal('value', 'beyond')] })).verdict).toBe('well')
})

test('whatever else is known, old or missing measurements are never good news', () => {
  const anything = fc.record({
    changes: fc.subarray([aChange(), aChange({ id: 'b', state: 'bake' }), aChange({ id: 'c', state: 'settled' })]),
    signals: fc.subarray([aSignal('failed', 'normal'), aSignal('slow', 'beyond'), aSignal('value', 'learning')]),
    story: fc.constantFrom(null, aStory(), aStory({ undoneAt: null })),
    normalAgain: fc.constantFrom(true, false, undefined),
    ageMs: fc.oneof(fc.constant(null), fc.integer({ min: staleMs + 1, max: 10 * 86_400_000 })),
    watching: fc.boolean(),
  })
  fc.assert(
    fc.property(anything, ({ ageMs, watching, ...rest }) => {
      const measuring = { ageMs, watching, dropped: 0, processes: [], requestsPerSecond: 0 }
      expect(judge(known({ ...rest, measuring })).verdict).toBe('unknown')
    }),
  )
})

test('nobody is told that all is well while a change is out or harm is known', () => {
  const busy = fc.record({
    changes: fc.subarray([aChange(), aChange({ id: 'b', state: 'bake' })]),
    story: fc.constantFrom(null, aStory(), aStory({ undoneAt: null })),
    signals: fc.subarray([aSignal('failed', 'beyond'), aSignal('slow', 'beyond'), aSignal('completed', 'beyond')]),
  })
  fc.assert(
    fc.property(busy, (situation) => {
      fc.pre(situation.changes.length + situation.signals.length > 0 || situation.story !== null)
      expect(judge(known(situation)).verdict).not.toBe('well')
    }),
  )
})
