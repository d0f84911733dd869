import type pg from 'pg'
import type { Logger } from 'pino'
import type { ChangeId, Clock } from '../../core/index.ts'
import type { ChangeState } from '../../journal/index.ts'
import type { Reading } from '../../judge/index.ts'
import { changeStatus } from '../change-status.ts'
import type { JournalView } from '../journal-view.ts'
import { readReadings } from '../readings.ts'
import { culpritOf } from '../story.ts'
import { withinTime } from '../within-time.ts'
import type { EngineAnswer } from './answer.ts'
import { type Rule, ruleFor, type Sight } from './rules.ts'

/** Argo and Flagger wait for 10 s; the token is asked for in the same time. */
export const answerWithinMs = 3_000

export type Looked = { readonly rule: Rule; readonly answer: Omit<EngineAnswer, 'hash'> }
export type Look = (change: ChangeId) => Promise<Looked>

export type LookParts = {
  readonly pool: pg.Pool
  readonly view: JournalView
  readonly clock: Clock
  readonly log: Logger
}

/** Reads what the journal and the judge say of one change. Never rejects: what cannot be read is an answer too. */
export function createLook(parts: LookParts): Look {
  const { pool, view, clock, log } = parts
  let awaySinceMs: number | undefined

  const stateOf = (change: ChangeId): ChangeState | undefined => view.states().find((state) => state.change === change)

  /** The newest word of the judge; the state is in the view then. */
  const read = async (change: ChangeId): Promise<Reading | undefined> => {
    await view.refresh()
    const state = stateOf(change)
    if (state?.go === undefined) return undefined
    return (await readReadings(pool, [state])).get(state.go.goId)
  }

  return async (change) => {
    let reading: Reading | undefined
    try {
      reading = await withinTime(read(change), answerWithinMs)
      awaySinceMs = undefined
    } catch (error) {
      if (awaySinceMs === undefined) log.warn({ err: error }, 'no verdict can be read for the deployment engines')
      awaySinceMs ??= clock.now()
    }
    const nowMs = clock.now()
    const state = stateOf(change)
    const sight: Sight = { change, state, awayMs: awaySinceMs === undefined ? undefined : nowMs - awaySinceMs }
    const rule = ruleFor(sight)
    const told = state === undefined ? undefined : changeStatus(state, { reading, lastActor: '', nowMs })
    const own = rule.reason(sight)
    const more = own === '' || rule.situation === 'watched' ? [told?.now ?? '', told?.wait ?? ''] : []
    return {
      rule,
      answer: {
        verdict: rule.verdict,
        culprit: culpritFor(state, view.states(), nowMs),
        reason: [own, ...more].filter((part) => part !== '').join(' '),
        change:
          state === undefined
            ? null
            : {
                id: state.change,
                kind: state.kind,
                state: state.state,
                stage: state.stage,
                stages: state.go?.stages.length ?? 0,
                share: state.share,
                held: state.held !== undefined,
              },
        evidence: awaySinceMs === undefined ? (told?.evidence ?? null) : null,
        at: new Date(nowMs).toISOString(),
      },
    }
  }
}

/** The change itself when the evidence took it back, however long ago: its verdict stays `fail` as long. */
function culpritFor(state: ChangeState | undefined, states: readonly ChangeState[], nowMs: number): string | null {
  const because = state?.state === 'undone' ? state.undoneBecause : undefined
  if (state !== undefined && because !== undefined && because.cause !== 'person') return state.change
  const itself = state === undefined ? undefined : culpritOf([state], nowMs)
  return (itself ?? culpritOf(states, nowMs))?.change ?? null
}
