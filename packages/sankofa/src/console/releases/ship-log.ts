import type { ChangeId } from '../../core/index.ts'
import type { ChangeState, JournalRecord } from '../../journal/index.ts'
import { duration, sentence } from '../words.ts'
import type { ShipRun, ShipStepView } from './contract.ts'

/** A run that says nothing for so long, and has not ended, was interrupted or hangs. */
const quietMs = 120_000
/** The step with which a run ends, whatever becomes of the change afterwards. */
const lastStep = 'report'
const mostRuns = 50

type Written = Omit<ShipRun, 'state' | 'words' | 'change'> & { readonly change: ChangeId }

/** The runs of `sankofa ship`, put together from what each wrote into the journal. */
export type ShipLog = {
  add(record: JournalRecord<'ship-step'>): void
  /** Newest first. */
  runs(states: ReadonlyMap<string, ChangeState>, nowMs: number): readonly ShipRun[]
}

export function createShipLog(): ShipLog {
  const runs = new Map<string, Written>()
  return {
    add(record) {
      const { run } = record.data
      const before = runs.get(run)
      const at = record.at.toISOString()
      // Of those that spoke, the one that was silent longest goes first.
      runs.delete(run)
      runs.set(run, {
        run,
        change: record.change,
        actor: record.actor,
        startedAt: before?.startedAt ?? at,
        lastAt: at,
        steps: withStep(before?.steps ?? [], record, at),
      })
      const [oldest] = runs.keys()
      if (runs.size > mostRuns && oldest !== undefined) runs.delete(oldest)
    },
    runs: (states, nowMs) =>
      [...runs.values()].reverse().map((run) => ({ ...run, ...judgeRun(run, states.get(run.change), nowMs) })),
  }
}

/** A step keeps its place; a run that goes on where it was says some of them again. */
function withStep(
  steps: readonly ShipStepView[],
  { data }: JournalRecord<'ship-step'>,
  at: string,
): readonly ShipStepView[] {
  const { step, title, state, tookMs = null, detail = '' } = data
  const said: ShipStepView = { step, title, state, at, tookMs, detail }
  return steps.some((one) => one.step === step)
    ? steps.map((one) => (one.step === step ? said : one))
    : [...steps, said]
}

function judgeRun(
  { steps, lastAt, startedAt }: Written,
  state: ChangeState | undefined,
  nowMs: number,
): Pick<ShipRun, 'state' | 'words'> {
  const failed = steps.find((step) => step.state === 'failed')
  if (failed !== undefined) {
    return { state: 'failed', words: `It failed at “${failed.title}”. Mend it and run “npx sankofa ship” again.` }
  }
  const open = steps.findLast((step) => step.state === 'begun')
  const isOut = wentOutSince(state, startedAt)
  if (open === undefined && (isOut || steps.some(({ step }) => step === lastStep)))
    return { state: 'done', words: 'It is through.' }
  if (open !== undefined && isOut && (state?.state === 'exposed' || state?.state === 'bake')) {
    // It only looks on, for hours perhaps, and has nothing to say.
    return { state: 'running', words: `Now: ${sentence(open.title)} The watcher does it, also if this ship ends.` }
  }
  const silentMs = nowMs - Date.parse(lastAt)
  if (silentMs <= quietMs) {
    return { state: 'running', words: open === undefined ? 'On to its next step.' : `Now: ${sentence(open.title)}` }
  }
  const where = open === undefined ? 'between two steps' : `in “${open.title}”`
  return {
    state: 'interrupted',
    words: `Nothing has been heard of it for ${duration(silentMs)}, ${where}. If it does not run any more, run “npx sankofa ship” again: it goes on where it was.`,
  }
}

/** A run that was killed between two steps must not look like one that is through: its change did go out. */
const wentOutSince = (state: ChangeState | undefined, startedAt: string): boolean =>
  state?.go !== undefined && state.go.startedAt.getTime() >= Date.parse(startedAt)
