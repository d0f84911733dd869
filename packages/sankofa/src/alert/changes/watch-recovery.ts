import type pg from 'pg'
import { attemptLimitMs, attemptSteps } from '../../events/index.ts'
import { readSignals, type TrafficPoint } from '../../observe/index.ts'
import type { Harm } from './harm.ts'
import { fewest, observedRecovery, type Recovery, type Step } from './recovery.ts'

const stepMs = 10_000
// Long enough to know what is usual, short enough to be read in a moment.
const beforeForMs = 20 * 60_000
// Where nothing was counted before: as many as usually give up.
const usualShare = 0.02
const slowerBy = 1.5

/** Looks whether what was harmed is normal again, in the events or, where no attempt was harmed, in all requests. */
export async function watchRecovery(
  pool: pg.Pool,
  harm: Harm,
  options: {
    readonly change: string
    readonly exposedAt: Date
    readonly undoneAt: Date
    readonly nowMs: number
    readonly normalForMs: number
  },
): Promise<Recovery> {
  const { exposedAt, undoneAt, nowMs, normalForMs } = options
  // What was begun within the limit is not decided yet; reports of requests take as long to arrive.
  const newestMs = nowMs - attemptLimitMs - 1_000
  const doneMs = undoneAt.getTime()
  // Steps begin with the undo; windows of requests are aligned to the clock, so there the first whole one does.
  const fromMs = harm.kind === 'attempts' ? doneMs : Math.ceil(doneMs / stepMs) * stepMs
  const toMs = fromMs + Math.floor((newestMs - fromMs) / stepMs) * stepMs
  if (toMs - fromMs < stepMs) return { is: 'not-known' }
  const beforeMs = exposedAt.getTime()
  if (harm.kind === 'attempts') {
    const { attempt } = harm
    const steps = async (from: number, to: number, of?: { change: string; since: Date }): Promise<readonly Step[]> =>
      (
        await attemptSteps(pool, attempt, {
          fromMs: from,
          toMs: to,
          stepMs,
          ...(of === undefined ? {} : { onceExposedTo: of }),
        })
      ).map(({ startMs, attempts, unfinished }) => ({ startMs, n: attempts, bad: unfinished }))
    const [before, everyone, harmed] = await Promise.all([
      steps(beforeMs - beforeForMs, beforeMs),
      steps(fromMs, toMs),
      steps(fromMs, toMs, { change: options.change, since: exposedAt }),
    ])
    return observedRecovery(everyone, harmed, { fromMs, toMs, stepMs, normalForMs, baseline: shareOf(before) })
  }
  const before = await readSignals(pool, { fromMs: beforeMs - beforeForMs, toMs: beforeMs, stepS: 60 })
  const after = await readSignals(pool, { fromMs, toMs, stepS: stepMs / 1_000 })
  const steps = harm.slow ? slowSteps(after.traffic, medianP95(before.traffic)) : failedSteps(after.traffic)
  const baseline = harm.slow ? 0.1 : shareOf(failedSteps(before.traffic))
  return observedRecovery(steps, [], { fromMs, toMs, stepMs, normalForMs, baseline })
}

function shareOf(steps: readonly Step[]): number {
  const n = steps.reduce((sum, step) => sum + step.n, 0)
  const bad = steps.reduce((sum, step) => sum + step.bad, 0)
  return n < 4 * fewest ? usualShare : bad / n
}

const failedSteps = (traffic: readonly TrafficPoint[]): readonly Step[] =>
  traffic.flatMap(({ atMs, requests = 0, errorShare }) =>
    errorShare === undefined ? [] : [{ startMs: atMs, n: requests, bad: Math.round(errorShare * requests) }],
  )

/** Each step is one observation: slow or not. */
const slowSteps = (traffic: readonly TrafficPoint[], usualMs: number | undefined): readonly Step[] =>
  usualMs === undefined
    ? []
    : traffic.flatMap(({ atMs, p95Ms }) =>
        p95Ms === undefined ? [] : [{ startMs: atMs, n: 1, bad: p95Ms > slowerBy * usualMs ? 1 : 0 }],
      )

function medianP95(traffic: readonly TrafficPoint[]): number | undefined {
  const values = traffic.flatMap(({ p95Ms }) => p95Ms ?? []).sort((one, other) => one - other)
  return values[Math.floor(values.length / 2)]
}
