import type { ChangeState, Go } from '../journal/index.ts'
import { type BeforeAfterJudge, createBeforeAfterJudge, type Reading } from '../judge/index.ts'
import { windowMs } from '../observe/index.ts'
import { type Evidence, type EvidenceOptions, type Facts, noFacts, touchesPause } from './facts.ts'
import { saveJudgedWindows } from './judged-windows.ts'

/** Every process has written a window this long after its end. */
const lateMs = 6_000

type Watched = { readonly judge: BeforeAfterJudge; judgedUntilMs: number; last: Reading | undefined }

/**
 * Evidence for changes that everyone meets at once. The windows are totals of cells, which stay: after a restart they are
 * read again from the beginning of the exposure.
 */
export function evidenceBeforeAndAfter({ pool, measurement, propagationMs }: EvidenceOptions): Evidence {
  const watched = new Map<bigint, Watched>()
  const factsOf = (known: Watched | undefined): Facts =>
    known === undefined ? noFacts : { last: known.last, promote: known.last?.verdict === 'promote', newKinds: [] }

  return {
    async collect(state, epoch, nowMs) {
      const { go } = state
      const fromMs = firstWindowOf(state)
      if (go?.before === undefined || fromMs === undefined) return noFacts
      const known = watched.get(go.goId) ?? watch(go, fromMs)
      watched.set(go.goId, known)
      const untilMs = Math.floor((nowMs - lateMs) / windowMs) * windowMs
      if (untilMs <= known.judgedUntilMs) return factsOf(known)
      try {
        const windows = await measurement.totals(known.judgedUntilMs, untilMs, go.before.touchedRoutes)
        const judged = windows
          .filter((window) => !touchesPause(go, window.startMs, propagationMs))
          .map((window) => ({ startMs: window.startMs, stage: state.stage, reading: known.judge.window(window) }))
        known.judgedUntilMs = untilMs
        known.last = judged.at(-1)?.reading ?? known.last
        await saveJudgedWindows(pool, epoch, { change: state.change, goId: go.goId, windows: judged })
      } catch (error) {
        // The judge in memory may be ahead of what is written: the next look begins anew.
        watched.delete(go.goId)
        throw error
      }
      return factsOf(known)
    },
    facts: (state) => factsOf(state.go === undefined ? undefined : watched.get(state.go.goId)),
    forget: (goId) => void watched.delete(goId),
  }
}

function watch(go: Go, fromMs: number): Watched {
  const before = go.before ?? { touched: { n: 0, errors: 0 }, untouched: { n: 0, errors: 0 } }
  const minimumMs = go.stages[0]?.minimumMs ?? 0
  const judge = createBeforeAfterJudge({ before, alpha: go.alpha, minimumMs })
  return { judge, judgedUntilMs: fromMs, last: undefined }
}

/** The first window that lies wholly after the exposure. */
function firstWindowOf(state: ChangeState): number | undefined {
  const begun = state.go?.begun[0]?.at.getTime()
  return begun === undefined ? undefined : Math.ceil(begun / windowMs) * windowMs
}
