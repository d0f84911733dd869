import type pg from 'pg'
import { unfinishedAttempts } from '../events/index.ts'
import type { ChangeState } from '../journal/index.ts'
import type { Reading } from '../judge/index.ts'
import type { ConsoleAttempt } from './attempts.ts'
import type { CulpritStory } from './contract.ts'
import { certaintyWords, evidenceOf, happenedWords, readingOf } from './evidence.ts'
import { customers, duration, list, money, sentence } from './words.ts'

/** For so long after its undo a culprit stays on the first screen. */
export const toldForMs = 30 * 60_000

/** The change that the evidence names now: being taken back, waiting for a person with the proof of harm, or just undone. */
export function culpritOf(states: readonly ChangeState[], nowMs: number): ChangeState | undefined {
  const named = states.filter((state) => {
    if (state.inFlight?.act === 'undo') return state.inFlight.cause !== 'person'
    if (state.held?.cause === 'undo') return true
    const past = state.state === 'undone' ? state.undoneBecause : undefined
    return past !== undefined && past.cause !== 'person' && nowMs - past.at.getTime() < toldForMs
  })
  const isOver = (state: ChangeState): number => (state.state === 'undone' ? 1 : 0)
  return named.sort((a, b) => isOver(a) - isOver(b) || b.lastAt.getTime() - a.lastAt.getTime()).at(0)
}

/** What the culprit did, to whom, and what was done about it. */
export async function tellStory(
  pool: pg.Pool,
  state: ChangeState,
  newest: Reading | undefined,
  attempts: readonly ConsoleAttempt[],
  nowMs: number,
): Promise<CulpritStory> {
  const evidence = evidenceOf(state, newest)
  const reading = readingOf(state, newest)
  const past = state.state === 'undone' ? state.undoneBecause : undefined
  return {
    change: state.change,
    title: state.title,
    author: state.author,
    startedAt: (state.go?.startedAt ?? state.since).toISOString(),
    undoneAt: past?.at.toISOString() ?? null,
    harmed: past?.subjectsHarmed ?? evidence?.harmed ?? 0,
    happened: evidence === null ? sentence(past?.reason ?? 'Not known yet') : happenedWords(evidence),
    done: doneWords(state),
    certainty: reading === undefined ? 'Not known yet.' : certaintyWords(reading),
    evidence,
    cost: await costWords(pool, state, attempts, nowMs),
  }
}

function doneWords(state: ChangeState): string {
  const past = state.state === 'undone' ? state.undoneBecause : undefined
  if (past === undefined) {
    return state.held === undefined
      ? 'It is being taken back now.'
      : `${sentence(state.held.reason)} ${sentence(state.held.ask)}`
  }
  const startedAt = state.go?.startedAt ?? past.begunAt
  const afterMs = past.begunAt.getTime() - startedAt.getTime()
  const tookMs = past.undone.tookMs
  return (
    `It was taken back by itself ${duration(afterMs)} after it went out; that took ${tookMs < 1_000 ? 'less than a second' : duration(tookMs)}. ` +
    'Everyone has what was there before.'
  )
}

/** What it cost in customers and money, from the business events; empty where none are declared. */
async function costWords(
  pool: pg.Pool,
  state: ChangeState,
  attempts: readonly ConsoleAttempt[],
  nowMs: number,
): Promise<string> {
  if (state.go === undefined) return ''
  const from = state.go.startedAt
  const to = state.undoneBecause?.at ?? new Date(nowMs)
  const costs: string[] = []
  for (const attempt of attempts) {
    const lost = await unfinishedAttempts(pool, attempt, { from, to, exposedTo: state.change })
    if (lost.couldNot === 0) continue
    const worth = list(lost.worth.map(({ amount, currency }) => money(amount, currency)))
    const what = attempt.owner?.couldNot ?? `could not complete a ${attempt.name}`
    costs.push(
      `${customers(lost.couldNot)} who had it ${what}${worth === '' ? '' : ` worth ${lost.withoutAmount > 0 ? 'at least ' : ''}${worth}`}.`,
    )
  }
  return costs.join(' ')
}
