import { describe, expect, test } from '#harness'
import { changeId } from '../../core/index.ts'
import type { ChangeState } from '../../journal/index.ts'
import { type FlaggerHook, flaggerHooks, flaggerSaysYes } from './flagger-hooks.ts'
import { patienceMs, ruleFor, rules, type Sight, type Situation, situations } from './rules.ts'

const at = new Date(0)
const proposed: ChangeState = {
  change: changeId('new-checkout'),
  kind: 'flag',
  state: 'proposed',
  since: at,
  title: 't',
  author: 'ama',
  proposedAt: at,
  plan: {},
  control: 'subjects',
  dependsOn: [],
  size: { unit: 'lines', n: 1 },
  stage: 0,
  share: 0,
  shareBefore: 0,
  lastId: 1n,
  lastAt: at,
  ignored: 0,
}
const out: ChangeState = { ...proposed, state: 'exposed', stage: 1, share: 0.02 }
const bake: ChangeState = { ...out, state: 'bake', share: 0.99, bakeUntil: new Date(1) }
const undo = { act: 'undo', reason: 'r', cause: 'judge', from: [0.02], at } as const
const back = { want: 'back', actor: 'kofi', at } as const
const held = { reason: 'r', ask: 'a', cause: 'undo', at } as const
const undone: ChangeState = { ...proposed, state: 'undone' }

const seen: readonly (readonly [string, Situation, 'pass' | 'fail' | 'wait', number, Partial<Sight>])[] = [
  ['never proposed', 'unknown', 'wait', 404, { state: undefined }],
  ['proposed', 'proposed', 'wait', 200, { state: proposed }],
  ['proved', 'proved', 'wait', 200, { state: { ...proposed, state: 'proved' } }],
  ['refused', 'refused', 'wait', 200, { state: { ...proposed, state: 'refused' } }],
  ['out', 'watched', 'wait', 200, { state: out }],
  ['paused', 'paused', 'wait', 200, { state: { ...out, share: 0, paused: 'silent' } }],
  ['held', 'held', 'wait', 200, { state: { ...out, held } }],
  ['held while it bakes', 'held', 'wait', 200, { state: { ...bake, held } }],
  ['its bake time is over and nobody settled it', 'baking', 'wait', 200, { state: bake }],
  ['settling', 'kept', 'pass', 200, { state: { ...bake, inFlight: { act: 'settle', at } } }],
  ['settled', 'kept', 'pass', 200, { state: { ...bake, state: 'settled', share: 1 } }],
  ['being undone', 'being taken back', 'fail', 200, { state: { ...bake, inFlight: undo } }],
  ['asked back', 'asked back', 'fail', 200, { state: { ...out, pending: back } }],
  ['asked back while held', 'asked back', 'fail', 200, { state: { ...out, held, pending: back } }],
  ['undone', 'taken back', 'fail', 200, { state: undone }],
  ['undone and asked again', 'asked again', 'wait', 200, { state: { ...undone, pending: { ...back, want: 'go' } } }],
  ['away, and out before', 'away', 'wait', 200, { state: out, awayMs: patienceMs }],
  ['away, and settled before', 'away', 'wait', 200, { state: { ...bake, state: 'settled' }, awayMs: 1 }],
  ['away, and nothing known', 'away', 'wait', 200, { state: undefined, awayMs: 0 }],
  ['away, and undone before', 'failed, away', 'fail', 200, { state: undone, awayMs: patienceMs * 9 }],
  ['away for too long', 'away too long', 'wait', 503, { state: out, awayMs: patienceMs + 1 }],
]

describe('the verdict for a change that is', () => {
  test.each(seen)('%s', (_, situation, verdict, status, sight) => {
    const rule = ruleFor({ change: 'new-checkout', state: undefined, awayMs: undefined, ...sight })

    expect(rule).toMatchObject({ situation, verdict, status })
  })

  test('is tested for every rule', () => {
    expect([...new Set(seen.map(([, situation]) => situation))].sort()).toEqual([...situations].sort())
    expect(rules.map(({ situation }) => situation)).toEqual(situations)
  })
})

const yes: { readonly [Hook in FlaggerHook]: readonly Situation[] } = {
  'confirm-rollout': ['kept', 'baking', 'watched', 'proved'],
  'pre-rollout': [
    'away',
    'kept',
    'asked again',
    'held',
    'refused',
    'paused',
    'baking',
    'watched',
    'proved',
    'proposed',
  ],
  rollout: ['away', 'kept', 'asked again', 'held', 'refused', 'paused', 'baking', 'watched', 'proved', 'proposed'],
  'confirm-traffic-increase': ['kept'],
  'confirm-promotion': ['kept'],
  'post-rollout': situations,
  rollback: ['failed, away', 'taken back', 'being taken back', 'asked back'],
  event: situations,
}

test.each(flaggerHooks)('Flagger hears yes at %s exactly where it should', (hook) => {
  expect(rules.filter((rule) => flaggerSaysYes(hook, rule)).map(({ situation }) => situation)).toEqual(yes[hook])
})
