import type { JournalRecord, RecordType } from './record.ts'
import type { ChangeState } from './state.ts'

/** Why a record may not follow: `cannot …`, and what to do instead. */
export type Objection = { readonly wanted: string; readonly next: string }

const notStarted = (state: ChangeState): boolean =>
  state.state === 'proposed' || state.state === 'proved' || state.state === 'refused' || state.state === 'undone'
const live = (state: ChangeState): boolean => state.state === 'exposed' || state.state === 'bake'
const acting = (state: ChangeState, act: 'expose' | 'undo' | 'settle'): boolean => state.inFlight?.act === act
const endable = (state: ChangeState): boolean => live(state) && !acting(state, 'undo') && !acting(state, 'settle')

type Rule = { readonly wanted: string; readonly next: string; allows(state: ChangeState): boolean }

/** The state machine of a change: which record may follow which state. One line each. */
const rules: { readonly [T in RecordType]: Rule } = {
  proposed: {
    wanted: 'be proposed again',
    next: 'Take it back first, or propose it under another name.',
    allows: (state) => notStarted(state) && state.pending === undefined,
  },
  proved: { wanted: 'be proved', next: 'A proof is made before a change goes out.', allows: notStarted },
  refused: {
    wanted: 'be refused',
    next: 'Only what is asked can be refused.',
    allows: (state) => notStarted(state) || (live(state) && state.pending !== undefined),
  },
  'go-requested': {
    wanted: 'go',
    next: 'It is out already; run "sankofa status" to see how far.',
    allows: (state) =>
      notStarted(state) || (endable(state) && (state.held !== undefined || state.pending?.want === 'hold')),
  },
  'hold-requested': {
    wanted: 'be held',
    next: 'Only a change that is out, and neither held nor on its way back, can be held.',
    allows: (state) => endable(state) && state.held === undefined && state.pending?.want !== 'back',
  },
  'back-requested': {
    wanted: 'be taken back',
    next: 'Only a change that is out and not settled can be taken back.',
    allows: (state) => endable(state) || (notStarted(state) && state.pending?.want === 'go'),
  },
  started: {
    wanted: 'start',
    next: 'Ask for it with "sankofa go" first.',
    allows: (state) => notStarted(state) && state.pending?.want === 'go',
  },
  exposing: {
    wanted: 'be exposed',
    next: 'Start it first.',
    allows: (state) => endable(state),
  },
  exposed: { wanted: 'count as exposed', next: 'Begin it first.', allows: (state) => acting(state, 'expose') },
  held: {
    wanted: 'be held',
    next: 'Only a change that is out can be held.',
    allows: (state) => (endable(state) || acting(state, 'undo')) && state.held === undefined,
  },
  resumed: { wanted: 'go on', next: 'It is not held.', allows: (state) => endable(state) && state.held !== undefined },
  baking: {
    wanted: 'bake',
    next: 'Only a change at its last stage bakes.',
    allows: (state) => endable(state) && state.inFlight === undefined && state.share > 0,
  },
  undoing: { wanted: 'be undone', next: 'Only a change that is out and not settled can be undone.', allows: endable },
  undone: { wanted: 'count as undone', next: 'Begin it first.', allows: (state) => acting(state, 'undo') },
  settling: {
    wanted: 'be settled',
    next: 'Let it bake to its end, and answer what is asked of it.',
    allows: (state) =>
      state.state === 'bake' &&
      state.inFlight === undefined &&
      state.held === undefined &&
      state.share > 0 &&
      state.pending === undefined,
  },
  settled: { wanted: 'count as settled', next: 'Begin it first.', allows: (state) => acting(state, 'settle') },
  'step-failed': { wanted: 'fail a step', next: 'Propose it first.', allows: () => true },
  'ship-step': { wanted: 'be shipped', next: 'Propose it first.', allows: () => true },
}

/**
 * May a record of this type follow this state?
 *
 * @param state - `undefined` when the change was never proposed
 * @returns `undefined` when it may, else why not
 */
export function mayAppend(state: ChangeState | undefined, type: RecordType): Objection | undefined {
  const rule = rules[type]
  if (state === undefined) return type === 'proposed' ? undefined : { wanted: rule.wanted, next: 'Propose it first.' }
  return rule.allows(state) ? undefined : { wanted: rule.wanted, next: rule.next }
}

/** What the record itself says against the state, where its type alone would be allowed. */
export function contradiction(
  state: ChangeState,
  record: Pick<JournalRecord, 'type' | 'data' | 'at'>,
): string | undefined {
  const { type, data } = record as JournalRecord
  const lastStage = state.go?.stages.length ?? 0
  if (type === 'proved') return data.proof.ok ? undefined : 'A proof that failed is a refusal.'
  if (type === 'started') return unprovedStart(state, data.unproved, record.at)
  if (type === 'exposing') {
    const next = data.stage === state.stage + 1 && state.paused === undefined
    const same = data.stage === state.stage && state.stage > 0
    if (!next && !same) return `Stage ${data.stage} does not follow stage ${state.stage}.`
    if (next && state.held !== undefined) return 'It is held.'
    if (data.share === 0) return data.reason === undefined ? 'A pause needs its reason.' : undefined
    const planned = state.go?.stages[data.stage - 1]?.share
    return data.share === planned ? undefined : `The share of stage ${data.stage} is ${planned}, not ${data.share}.`
  }
  if (type === 'exposed') {
    const begun = state.inFlight?.act === 'expose' ? state.inFlight : undefined
    return begun?.stage === data.stage && begun.share === data.share ? undefined : 'Another stage was begun.'
  }
  if (type === 'held' && state.inFlight?.act === 'undo') {
    const isRefused = data.cause === 'refused' || data.cause === 'undo'
    return isRefused ? undefined : 'It is on its way back, and only a refusal ends that.'
  }
  if (type === 'baking')
    return state.stage === lastStage ? undefined : `Stage ${state.stage} of ${lastStage} is not the last.`
  return undefined
}

function unprovedStart(state: ChangeState, unproved: string | undefined, at: Date): string | undefined {
  if (unproved !== undefined) return state.pending?.unproved === undefined ? 'Nobody asked for it unproved.' : undefined
  if (state.proof === undefined) return 'Its undo is not proved.'
  return Date.parse(state.proof.expiresAt) > at.getTime() ? undefined : `Its proof expired at ${state.proof.expiresAt}.`
}
