import type { ChangeId } from '../../core/index.ts'
import type { ChangeState, JournalRecord } from '../../journal/index.ts'
import { duration, sentence } from '../words.ts'
import type { ShipRun, ShipStepView } from './contract.ts'

/** A run that says nothing for so long, and has not ended, was interrupted or hangs. */
const quietMs = 120_000
/** The step with which a run ends: what becomes of the change afterwards is the watcher's. */
const lastStep = 'go'
const mostRuns = 50

type Written = Omit<ShipRun, 'state' | 'words' | 'change'> & { readonly change: ChangeId }

/** The runs of `sankofa ship`, put together from what each wrote into the journal. */
export type ShipLog = {
  add(record: JournalRecord<'ship-step'>): void
  /**
   * Newest first.
   *
   * @param shipping - services whose deployer is known to live, though it may say nothing for the time of a long step
   */
  runs(states: ReadonlyMap<string, ChangeState>, shipping: ReadonlySet<string>, nowMs: number): readonly ShipRun[]
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
    runs(states, shipping, nowMs) {
      const seen = new Set<string>()
      return [...runs.values()].reverse().map((run) => {
        const service = serviceOf(states.get(run.change))
        // Only one ships a service at a time, so an older run of it is not the one that lives.
        const isAlive = shipping.has(service) && !seen.has(service)
        seen.add(service)
        return { ...run, ...judgeRun(run, isAlive, nowMs) }
      })
    },
  }
}

const serviceOf = (state: ChangeState | undefined): string =>
  String((state?.plan as { readonly service?: unknown } | null | undefined)?.service ?? '')

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

function judgeRun({ steps, lastAt }: Written, isAlive: boolean, nowMs: number): Pick<ShipRun, 'state' | 'words'> {
  const failed = steps.find((step) => step.state === 'failed')
  if (failed !== undefined) {
    return { state: 'failed', words: `It failed at “${failed.title}”. Mend it and run “npx sankofa ship” again.` }
  }
  const last = steps.find(({ step }) => step === lastStep)
  if (last?.state === 'done' || last?.state === 'skipped')
    return { state: 'done', words: 'It is through: the watcher lets the change out.' }
  const open = steps.findLast((step) => step.state === 'begun')
  const silentMs = nowMs - Date.parse(lastAt)
  if (isAlive || silentMs <= quietMs) {
    return { state: 'running', words: open === undefined ? 'On to its next step.' : `Now: ${sentence(open.title)}` }
  }
  const where = open === undefined ? 'between two steps' : `in “${open.title}”`
  return {
    state: 'interrupted',
    words: `Nothing has been heard of it for ${duration(silentMs)}, ${where}. Run “npx sankofa ship” again: it goes on where it was.`,
  }
}
