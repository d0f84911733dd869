import { type ChangeState, mayAppend } from '../journal/index.ts'
import { deadlineFactor, type Reading } from '../judge/index.ts'
import type { ChangeStatus } from './contract.ts'
import { evidenceOf, happenedWords, toEvidence } from './evidence.ts'
import { reachOf } from './reach.ts'
import { duration, sentence } from './words.ts'

/** One change for the screen: pure, from what the journal says and the time. */
export function changeStatus(
  state: ChangeState,
  known: {
    readonly reading: Reading | undefined
    readonly lastActor: string
    readonly nowMs: number
    /** A migration that the database has, whoever applied it. */
    readonly isApplied?: boolean
  },
): ChangeStatus {
  const { lastActor, nowMs, reading, isApplied = false } = known
  const forecasts = state.go?.forecast.stages ?? []
  const undo = undoOf(state, nowMs)
  return {
    id: state.change,
    kind: state.kind,
    title: state.title,
    author: state.author,
    state: state.state,
    stage: state.stage,
    stages: (state.go?.stages ?? []).map((stage, index) => ({
      share: stage.share,
      expectedMs: forecasts[index]?.expectedMs ?? null,
    })),
    share: state.share,
    reach: reachOf(state.kind).has(state.share),
    undoProved: undo.proved,
    undoWords: undo.words,
    evidence: evidenceOf(state, reading),
    now: nowWords(state, isApplied),
    wait: waitWords(state, reading, nowMs),
    lastActor,
    lastAt: state.lastAt.toISOString(),
    held: state.held === undefined ? null : { reason: sentence(state.held.reason), ask: sentence(state.held.ask) },
    can: {
      go: mayAppend(state, 'go-requested') === undefined && state.pending?.want !== 'go',
      hold: mayAppend(state, 'hold-requested') === undefined && state.pending?.want !== 'hold',
      back: mayAppend(state, 'back-requested') === undefined && state.pending?.want !== 'back',
    },
  }
}

function undoOf(state: ChangeState, nowMs: number): { readonly proved: boolean; readonly words: string } {
  if (state.unproved !== undefined) return { proved: false, words: `Out without a proof: “${state.unproved}”` }
  const { proof } = state
  if (proof === undefined) {
    return {
      proved: false,
      words: state.refusal === undefined ? 'It is proved before it goes.' : sentence(state.refusal.reason),
    }
  }
  // What is out went out while its proof held; only what waits must be proved anew.
  const waits = state.state === 'proved' || state.state === 'proposed'
  if (waits && Date.parse(proof.expiresAt) <= nowMs) {
    return { proved: false, words: 'Its proof has expired; it is proved again before it goes.' }
  }
  const loss = {
    kept: 'Nothing is lost',
    stashed: 'What would be lost is kept aside',
    lost: 'Something is lost for good',
  }
  return { proved: true, words: `${loss[proof.loss]}; it takes ${undoTime(proof.undoMs)}.` }
}

const undoTime = (ms: number): string => (ms < 1_000 ? 'under a second' : `about ${duration(ms)}`)

function nowWords(state: ChangeState, isApplied: boolean): string {
  const { inFlight, pending, failing } = state
  const reach = reachOf(state.kind)
  // Not a failure: it waits for something, and this is what for.
  if (failing?.step === 'wait' && pending?.want !== 'back') return sentence(failing.error)
  if (failing !== undefined && failing.times > 1) {
    return `The step “${failing.step}” has failed ${failing.times} times and is tried again: ${sentence(failing.error)}`
  }
  if (inFlight?.act === 'undo') return 'Being taken back.'
  if (pending !== undefined) {
    const asked = { go: 'let it go out', hold: 'hold it', back: 'take it back' }
    return `${pending.actor} asked to ${asked[pending.want]}; the watcher does it within seconds.`
  }
  if (inFlight?.act === 'expose' && state.held?.cause === 'refused')
    return 'Held: its step was refused, and a person decides.'
  if (inFlight?.act === 'expose') return reach.being(inFlight.share)
  if (inFlight?.act === 'settle') return 'Being kept for good.'
  if (state.paused !== undefined) return `${reach.paused}: ${sentence(state.paused)}`
  if (state.held !== undefined) return 'Held: a person decides.'
  if (isApplied && (state.state === 'proposed' || state.state === 'proved')) {
    const proof = state.state === 'proved' ? 'its undo is proved' : 'its undo is not proved yet'
    return `Applied already, without a rollout; ${proof}. “sankofa migrate back ${state.change}” takes it back.`
  }
  switch (state.state) {
    case 'proposed':
      return 'Proposed; not proved yet.'
    case 'proved':
      return 'Ready to go.'
    case 'refused':
      return `Refused: ${sentence(state.refusal?.reason ?? 'no reason was kept')}`
    case 'exposed':
      return reach.watched(state.share)
    case 'bake':
      return state.control === 'none'
        ? 'Watched a while more before it is kept.'
        : 'At its last stage, before it is kept.'
    case 'settled':
      return 'Kept for good.'
    case 'undone':
      return undoneWords(state)
    default:
      return state.state satisfies never
  }
}

/** The reason of a person names the person; what the judge saw is told as evidence, not in the judge's own terms. */
function undoneWords({ undoneBecause, go }: ChangeState): string {
  const reason = sentence(undoneBecause?.reason ?? 'no reason was kept')
  if (undoneBecause?.cause === 'person') return `Taken back: ${reason}`
  if (undoneBecause?.reading === undefined) return `Taken back by itself: ${reason}`
  return `Taken back by itself. ${happenedWords(toEvidence(undoneBecause.reading, go?.guards ?? []))}`
}

/** How long until the next step, as it was forecast and as it has gone so far. */
function waitWords(state: ChangeState, reading: Reading | undefined, nowMs: number): string {
  if (state.held !== undefined || state.inFlight !== undefined || state.paused !== undefined) return ''
  if (state.state === 'bake' && state.bakeUntil !== undefined) {
    const leftMs = state.bakeUntil.getTime() - nowMs
    return leftMs > 0 ? `Kept for good in about ${duration(leftMs)}.` : 'Kept for good any moment.'
  }
  const expectedMs = state.go?.forecast.stages[state.stage - 1]?.expectedMs
  if (state.state !== 'exposed' || expectedMs === undefined || state.stageClockFrom === undefined) return ''
  const spentMs = nowMs - state.stageClockFrom.getTime()
  const missing = missingWords(state, reading, spentMs)
  if (missing !== undefined) {
    const leftMs = expectedMs * deadlineFactor - spentMs
    return `${missing} ${leftMs > 0 ? `If it stays so, a person is asked in ${duration(leftMs)}.` : 'A person is about to be asked.'}`
  }
  if (spentMs < expectedMs) return `Next stage in about ${duration(expectedMs - spentMs)} if it does no harm.`
  const deadlineMs = expectedMs * deadlineFactor - spentMs
  return deadlineMs > 0
    ? `Takes longer than the ${duration(expectedMs)} expected; in ${duration(deadlineMs)} a person is asked.`
    : 'Takes much longer than expected; a person is about to be asked.'
}

/** By then the first windows of a stage are closed and judged. */
const firstWindowsMs = 30_000

/** What the evidence lacks, where time alone will not bring it. */
function missingWords(state: ChangeState, reading: Reading | undefined, spentMs: number): string | undefined {
  if (spentMs < firstWindowsMs) return undefined
  const { before } = state.go ?? {}
  const seen = reading?.stage === state.stage ? reading : undefined
  if (before === undefined) {
    const [guard] = seen?.guards ?? []
    return guard === undefined || guard.exposed.subjects + guard.control.subjects === 0
      ? 'It waits for customers: none has come since.'
      : undefined
  }
  const [guard] = seen?.guards ?? []
  if (guard === undefined || guard.exposed.subjects === 0) {
    return 'It waits for requests on the routes that it touches: none has come since, so nothing is known of it.'
  }
  return before.touched.n === 0
    ? 'The routes that it touches had no requests in the hour before, so there is nothing to compare with.'
    : undefined
}
