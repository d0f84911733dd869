import type pg from 'pg'
import type { ChangeState, Go } from '../journal/index.ts'
import { createJudge, type Judge, type NewKind, type Reading } from '../judge/index.ts'
import type { ClosedWindow, Measurement } from '../observe/index.ts'
import { type Evidence, type EvidenceOptions, type Facts, noFacts, touchesPause } from './facts.ts'
import { type JudgedWindow, readJudgedKeys, saveJudgedWindows, windowKey } from './judged-windows.ts'

type Watched = {
  readonly judge: Judge
  stage: number
  last: Reading | undefined
  promote: boolean
  /** Handed out by the measurement, but not judged before the process ended. */
  waiting: readonly ClosedWindow[]
  readonly kinds: Map<string, NewKind>
}

/**
 * The judges of all goes under way. A judge lives in memory; after a restart it is made again from exactly the windows
 * that were judged before, so its evidence is the same to the bit.
 */
export function evidenceBySubjects({ pool, measurement, propagationMs }: EvidenceOptions): Evidence {
  const watched = new Map<bigint, Watched>()

  return {
    async collect(state, epoch, nowMs) {
      const { go } = state
      if (go === undefined || state.stage === 0) return noFacts
      const known = watched.get(go.goId) ?? (await replay(pool, measurement, go))
      watched.set(go.goId, known)
      try {
        const fresh = await measurement.newWindows(go.goId, nowMs)
        const windows = [...known.waiting, ...fresh]
        known.waiting = []
        enterStage(known, go, state.stage)
        const counted = windows.filter((window) => isCounted(window, state, go, propagationMs))
        const judged = counted.map((window) => judgeWindow(known, window))
        await saveJudgedWindows(pool, epoch, { change: state.change, goId: go.goId, windows: judged })
      } catch (error) {
        // The judge in memory is ahead of what is written: forget it, so that the next look replays what is.
        watched.delete(go.goId)
        throw error
      }
      return factsOf(known, state.stage)
    },
    facts(state) {
      const known = state.go === undefined ? undefined : watched.get(state.go.goId)
      return known === undefined ? noFacts : factsOf(known, state.stage)
    },
    forget: (goId) => void watched.delete(goId),
  }
}

const factsOf = (known: Watched, stage: number): Facts => ({
  last: known.last,
  promote: known.promote && known.stage === stage,
  newKinds: [...known.kinds.values()],
})

async function replay(pool: pg.Pool, measurement: Measurement, go: Go): Promise<Watched> {
  const judge = createJudge({ stages: go.stages, guards: go.guards, alpha: go.alpha })
  const known: Watched = { judge, stage: 0, last: undefined, promote: false, waiting: [], kinds: new Map() }
  const judgedBefore = await readJudgedKeys(pool, go.goId)
  const windows = (await measurement.judgedWindows(go.goId)).toSorted((a, b) => a.startMs - b.startMs)
  for (const { stage } of go.begun) {
    enterStage(known, go, stage)
    for (const window of windows) {
      if (window.stage === stage && judgedBefore.has(windowKey(window))) judgeWindow(known, window)
    }
  }
  known.waiting = windows.filter((window) => !judgedBefore.has(windowKey(window)))
  return known
}

function enterStage(known: Watched, go: Go, stage: number): void {
  if (known.stage === stage) return
  const begun = go.begun.find((each) => each.stage === stage)
  known.judge.beginStage(stage, begun?.at.getTime() ?? go.startedAt.getTime())
  known.stage = stage
  known.promote = false
}

function judgeWindow(known: Watched, window: ClosedWindow): JudgedWindow {
  const reading = known.judge.window(window)
  known.last = reading
  known.promote ||= reading.verdict === 'promote'
  for (const kind of window.newErrorKinds) {
    const before = known.kinds.get(kind.fingerprint)
    known.kinds.set(kind.fingerprint, {
      ...kind,
      exposedSubjects: Math.max(kind.exposedSubjects, before?.exposedSubjects ?? 0),
      controlSubjects: Math.max(kind.controlSubjects, before?.controlSubjects ?? 0),
    })
  }
  return { startMs: window.startMs, stage: window.stage, reading }
}

/**
 * A window counts for the stage that its subjects were tagged with when they were served: processes that learn of a
 * stage at different moments need no guard interval. Only a pause keeps the stage and changes the share, so what was
 * measured while it stood at 0, or was on its way, is left out.
 */
const isCounted = (window: ClosedWindow, state: ChangeState, go: Go, propagationMs: number): boolean =>
  window.stage === state.stage && !touchesPause(go, window.startMs, propagationMs)
