import type { ChangeId } from '../core/index.ts'
import type { JournalRecord } from './record.ts'
import { contradiction, mayAppend } from './rules.ts'
import { isReadable } from './schema.ts'
import type { ChangeState, Go } from './state.ts'

/**
 * The state after one more record. A record that the rules forbid is left out and counted: the journal cannot be
 * rewritten, so one bad row must not stop the house. A record that was folded before changes nothing.
 */
export function advance(state: ChangeState | undefined, record: JournalRecord): ChangeState | undefined {
  if (state !== undefined && record.id <= state.lastId) return state
  if (
    !isReadable(record) ||
    mayAppend(state, record.type) !== undefined ||
    (state !== undefined && contradiction(state, record) !== undefined)
  ) {
    return state === undefined ? undefined : { ...state, ignored: state.ignored + 1, lastId: record.id }
  }
  if (record.type === 'proposed') return proposed(record, state?.ignored ?? 0)
  if (state === undefined) return undefined
  const next = step(state, record)
  const failing = record.type === 'step-failed' || record.type === 'ship-step' ? next.failing : undefined
  return { ...next, lastId: record.id, lastAt: record.at, failing }
}

/** The state of one change. @param records - all of its records, in the order of their ids */
export function foldChange(records: readonly JournalRecord[]): ChangeState | undefined {
  return records.reduce<ChangeState | undefined>(advance, undefined)
}

export function foldAll(records: readonly JournalRecord[]): ReadonlyMap<ChangeId, ChangeState> {
  const states = new Map<ChangeId, ChangeState>()
  for (const record of records) {
    const state = advance(states.get(record.change), record)
    if (state !== undefined) states.set(record.change, state)
  }
  return states
}

function proposed(record: JournalRecord<'proposed'>, ignored: number): ChangeState {
  const { plan, title, control, dependsOn, size } = record.data
  return {
    change: record.change,
    kind: record.kind,
    state: 'proposed',
    since: record.at,
    title,
    author: record.actor,
    proposedAt: record.at,
    plan,
    control,
    dependsOn,
    size,
    stage: 0,
    share: 0,
    shareBefore: 0,
    lastId: record.id,
    lastAt: record.at,
    ignored,
  }
}

function step(state: ChangeState, record: Exclude<JournalRecord, JournalRecord<'proposed'>>): ChangeState {
  const { at, actor } = record
  switch (record.type) {
    case 'proved':
      return { ...state, state: 'proved', since: at, proof: record.data.proof, refusal: undefined }
    case 'refused': {
      const refusal = { reason: record.data.reason, at }
      // What is out stays out: only what was asked of it is refused.
      if (state.state === 'exposed' || state.state === 'bake') return { ...state, refusal, pending: undefined }
      return { ...state, state: 'refused', since: at, refusal, pending: undefined, proof: undefined }
    }
    case 'go-requested': {
      const cancelsHold = state.go !== undefined && isOut(state) && state.held === undefined
      if (cancelsHold) return { ...state, pending: undefined }
      return { ...state, refusal: undefined, pending: { want: 'go', actor, at, ...record.data } }
    }
    case 'hold-requested':
      return { ...state, pending: { want: 'hold', actor, at, reason: record.data.reason } }
    case 'back-requested':
      // Not started yet: taking it back is no more than not starting it.
      if (!isOut(state)) return { ...state, pending: undefined }
      if (state.pending?.want === 'back') return state
      return { ...state, pending: { want: 'back', actor, at, reason: record.data.reason } }
    case 'started':
      return started(state, record)
    case 'exposing': {
      const { stage, share, shareBefore, reason } = record.data
      return {
        ...state,
        inFlight: { act: 'expose', stage, share, shareBefore, at, ...(reason === undefined ? {} : { reason }) },
      }
    }
    case 'exposed':
      return exposed(state, record)
    case 'held': {
      const { reason, ask, cause, fingerprint } = record.data
      const held = { reason, ask, cause: cause ?? 'person', at, ...(fingerprint === undefined ? {} : { fingerprint }) }
      // An undo that was refused ends there: it stays out, as it was.
      const inFlight = state.inFlight?.act === 'undo' ? undefined : state.inFlight
      return { ...state, held, inFlight, pending: state.pending?.want === 'back' ? state.pending : undefined }
    }
    case 'resumed':
      return resumed(state, record)
    case 'baking':
      return {
        ...state,
        state: 'bake',
        since: state.state === 'bake' ? state.since : at,
        bakeUntil: new Date(record.data.untilMs),
      }
    case 'undoing': {
      const from = state.inFlight?.act === 'expose' ? [state.share, state.inFlight.share] : [state.share]
      const { reason, cause, reading } = record.data
      const seen = reading === undefined ? {} : { reading }
      return {
        ...state,
        inFlight: { act: 'undo', reason, cause, from, at, ...seen },
        lastReading: reading ?? state.lastReading,
        pending: undefined,
        held: undefined,
      }
    }
    case 'undone':
      return undone(state, record)
    case 'settling':
      return { ...state, inFlight: { act: 'settle', at } }
    case 'settled':
      return { ...state, state: 'settled', since: at, share: 1, inFlight: undefined, pending: undefined }
    case 'step-failed': {
      const { step: name, error } = record.data
      const times = state.failing?.step === name ? state.failing.times + 1 : 1
      return { ...state, failing: { step: name, error, times, at } }
    }
    case 'ship-step':
      return state
    default:
      return record satisfies never
  }
}

const isOut = (state: ChangeState): boolean => state.state === 'exposed' || state.state === 'bake'

function started(state: ChangeState, record: JournalRecord<'started'>): ChangeState {
  const { unproved, ...frozen } = record.data
  const go: Go = {
    ...frozen,
    goId: record.id,
    startedAt: record.at,
    startedBy: state.pending?.actor ?? record.actor,
    begun: [],
    pauses: [],
    acceptedErrors: [],
    ...(unproved === undefined ? {} : { unproved }),
  }
  return {
    ...state,
    state: 'exposed',
    since: record.at,
    go,
    unproved,
    stage: 0,
    share: 0,
    shareBefore: 0,
    pending: undefined,
    held: undefined,
    paused: undefined,
    refusal: undefined,
    bakeUntil: undefined,
    lastReading: undefined,
    undoneBecause: undefined,
    stageClockFrom: undefined,
    nextStageOnWord: undefined,
  }
}

function exposed(state: ChangeState, record: JournalRecord<'exposed'>): ChangeState {
  const act = state.inFlight?.act === 'expose' ? state.inFlight : undefined
  if (act === undefined || state.go === undefined) return state
  const { go } = state
  const last = go.pauses.at(-1)
  const open = last !== undefined && last.to === undefined ? last : undefined
  if (act.share === 0) {
    // From the begin, not the end: some process may have read the new share before the act was known to be done.
    const pauses = open === undefined ? [...go.pauses, { from: act.at }] : go.pauses
    return { ...state, stage: act.stage, share: 0, inFlight: undefined, paused: act.reason, go: { ...go, pauses } }
  }
  const pauses = open === undefined ? go.pauses : [...go.pauses.slice(0, -1), { from: open.from, to: record.at }]
  const isNew = !go.begun.some((begun) => begun.stage === act.stage)
  const begun = isNew ? [...go.begun, { stage: act.stage, at: act.at }] : go.begun
  return {
    ...state,
    stage: act.stage,
    share: act.share,
    shareBefore: act.shareBefore,
    inFlight: undefined,
    paused: undefined,
    stageClockFrom: record.at,
    nextStageOnWord: undefined,
    go: { ...go, begun, pauses },
  }
}

function resumed(state: ChangeState, record: JournalRecord<'resumed'>): ChangeState {
  const fingerprint = state.held?.fingerprint
  const go =
    fingerprint === undefined || state.go === undefined
      ? state.go
      : { ...state.go, acceptedErrors: [...state.go.acceptedErrors, fingerprint] }
  const pending = state.pending?.want === 'go' ? undefined : state.pending
  return {
    ...state,
    go,
    pending,
    held: undefined,
    stageClockFrom: record.at,
    nextStageOnWord: record.data.nextStage === true ? true : undefined,
  }
}

function undone(state: ChangeState, record: JournalRecord<'undone'>): ChangeState {
  const act = state.inFlight?.act === 'undo' ? state.inFlight : undefined
  if (act === undefined) return state
  const reading = record.data.reading ?? act.reading
  return {
    ...state,
    state: 'undone',
    since: record.at,
    share: 0,
    shareBefore: 0,
    inFlight: undefined,
    pending: undefined,
    held: undefined,
    paused: undefined,
    undoneBecause: {
      reason: act.reason,
      cause: act.cause,
      begunAt: act.at,
      at: record.at,
      undone: record.data.undone,
      ...(record.data.subjectsHarmed === undefined ? {} : { subjectsHarmed: record.data.subjectsHarmed }),
      ...(reading === undefined ? {} : { reading }),
    },
  }
}
