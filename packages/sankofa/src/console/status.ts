import type pg from 'pg'
import { type Clock, systemClock } from '../core/index.ts'
import { type ChangeState, type Journal, openJournal } from '../journal/index.ts'
import type { Reading } from '../judge/index.ts'
import type { ConsoleAttempt } from './attempts.ts'
import { changeStatus } from './change-status.ts'
import type { ChangeStatus, SignalStatus, Status } from './contract.ts'
import { createJournalView, type JournalView } from './journal-view.ts'
import { createMeasured, type Measured, windowS } from './measured.ts'
import { readMeasuring } from './measuring.ts'
import { readApplied } from './read-applied.ts'
import { readReadings } from './readings.ts'
import { fourSignals, signalStepS, stepsBefore, stretchOf } from './signals.ts'
import { culpritOf, tellStory } from './story.ts'
import { judge } from './verdict.ts'

/** What the four signals need. */
const keptS = signalStepS * (stepsBefore + 1)
/** So many windows after an undo must be in before anybody says that all is normal again. */
const windowsToRecover = 2

export type StatusOptions = {
  /** What customers try, as the service declares it; without it the money is not known. */
  readonly attempts?: readonly ConsoleAttempt[]
  readonly clock?: Clock
  /** How many seconds of measurements are kept in memory; a chart needs as many as it shows. */
  readonly keepS?: number
}

export type StatusReader = { read(): Promise<Status>; readonly view: JournalView; readonly measured: Measured }

/** Reads the status again and again, and of the journal only what is new. */
export function createStatusReader(pool: pg.Pool, journal: Journal, options: StatusOptions = {}): StatusReader {
  const { attempts = [], clock = systemClock, keepS = keptS } = options
  const view = createJournalView(journal)
  const measured = createMeasured(pool, { attempts, keepS: Math.max(keepS, keptS) })
  return {
    view,
    measured,
    async read() {
      const nowMs = clock.now()
      const toS = closedWindowS(nowMs)
      const [measuring] = await Promise.all([readMeasuring(pool), measured.refresh(toS), view.refresh()])
      const states = view.states()
      const [readings, applied] = await Promise.all([readReadings(pool, states), readApplied(pool, states)])
      const readingFor = (state: ChangeState): Reading | undefined =>
        state.go === undefined ? undefined : readings.get(state.go.goId)
      const culprit = culpritOf(states, nowMs)
      const story = culprit === undefined ? null : await tellStory(pool, culprit, readingFor(culprit), attempts, nowMs)
      const signals = fourSignals(stretchOf(measured, toS))
      const undoneMs = story?.undoneAt == null ? undefined : Date.parse(story.undoneAt)
      const normalAgain = undoneMs === undefined ? undefined : isNormalSince(measured, undoneMs, toS, signals)
      const changes = states
        .map((state) =>
          changeStatus(state, {
            reading: readingFor(state),
            lastActor: view.lastActor(state.change),
            nowMs,
            isApplied: applied.has(state.change),
          }),
        )
        .sort(byImportance)
      const judged = judge({ changes, signals, measuring, story, normalAgain, nowMs })
      return {
        ...judged,
        culprit: story?.change ?? null,
        story,
        signals,
        changes,
        measuring,
        at: new Date(nowMs).toISOString(),
      }
    },
  }
}

/** What `sankofa status` prints and the console draws, read once. */
export function readStatus(pool: pg.Pool, options: StatusOptions = {}): Promise<Status> {
  return createStatusReader(pool, openJournal(pool), options).read()
}

/** End of the newest window whose reports can be expected to be in. */
export const closedWindowS = (nowMs: number): number => Math.floor((nowMs / 1_000 - 2) / windowS) * windowS

/** Judged against the same limits as the four signals, but only by what was measured after the undo. */
function isNormalSince(
  measured: Measured,
  undoneMs: number,
  toS: number,
  signals: readonly SignalStatus[],
): boolean | undefined {
  // The window in which the undo fell is mixed.
  const firstS = Math.ceil(undoneMs / 1_000 / windowS) * windowS
  const fromS = Math.max(firstS, toS - signalStepS)
  if (toS - fromS < windowsToRecover * windowS) return undefined
  const after = fourSignals(stretchOf(measured, toS, fromS))
  // Nobody came since: that is not yet good news.
  if (after.some((signal) => signal.name === 'failed' && signal.value === null)) return undefined
  return after.every((signal) => {
    if (signal.name === 'value') return true
    const limit = signals.find((one) => one.name === signal.name)?.limit ?? null
    if (limit === null || signal.value === null) return true
    return signal.worse === 'above' ? signal.value <= limit : signal.value >= limit
  })
}

const rank: Readonly<Record<ChangeStatus['state'], number>> = {
  exposed: 0,
  bake: 1,
  proved: 2,
  proposed: 3,
  refused: 4,
  undone: 5,
  settled: 6,
}

const byImportance = (a: ChangeStatus, b: ChangeStatus): number =>
  rank[a.state] - rank[b.state] || Date.parse(b.lastAt) - Date.parse(a.lastAt) || (a.id < b.id ? -1 : 1)
