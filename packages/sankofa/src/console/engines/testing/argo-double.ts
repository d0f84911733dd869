import { manifest, sendTo } from './manifests.ts'

/**
 * Argo Rollouts' rules as far as they read a verdict: written from its documentation (features/analysis, analysis/web) and
 * behaviour at 1.10. Its clock is the test's.
 */
export type Phase = 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive'

export type WebMetric = {
  readonly interval: string
  readonly count?: number
  readonly consecutiveSuccessLimit?: number
  readonly failureLimit?: number
  readonly inconclusiveLimit?: number
  readonly consecutiveErrorLimit?: number
  readonly successCondition: string
  readonly failureCondition: string
  readonly provider: {
    readonly web: {
      readonly url: string
      readonly timeoutSeconds?: number
      readonly headers?: readonly { readonly key: string; readonly value: string }[]
      readonly jsonPath: string
    }
  }
}
type Step =
  | { readonly setWeight: number }
  | { readonly analysis: { readonly templates: readonly { readonly templateName: string }[] } }
  | { readonly pause: { readonly duration: string } }

const errorRetryMs = 10_000
const defaultErrorLimit = 4

export const theMetric = (): WebMetric => {
  const { metrics } = manifest('argo-analysis-template.yaml').spec as { readonly metrics: readonly WebMetric[] }
  const [metric] = metrics
  if (metric === undefined) throw new Error('the template has no metric')
  return metric
}

const theSteps = (): readonly Step[] => {
  const { strategy } = manifest('argo-rollout.yaml').spec as {
    readonly strategy: { readonly canary: { readonly steps: readonly Step[] } }
  }
  return strategy.canary.steps
}

export type ArgoDouble = {
  /** One look of the controller: as many steps as are done, and the measurement when it is due. */
  look(nowMs: number): Promise<void>
  readonly now: {
    /** `Paused` by an inconclusive analysis: a person decides. */
    phase: 'Progressing' | 'Paused' | 'Degraded' | 'Healthy'
    weight: number
    message: string
  }
  readonly measured: Measured
}
type Measured = { count: number; successes: number; failed: number; inconclusive: number; errors: number; all: number }

export function argoDouble(options: {
  readonly baseUrl: string
  readonly args: Readonly<Record<'change' | 'hash' | 'token', string>>
  readonly metric?: WebMetric
}): ArgoDouble {
  const { baseUrl, args, metric = theMetric() } = options
  const steps = theSteps()
  const now: ArgoDouble['now'] = { phase: 'Progressing', weight: 0, message: '' }
  const measured: Measured = { count: 0, successes: 0, failed: 0, inconclusive: 0, errors: 0, all: 0 }
  let at = 0
  let stepSinceMs: number | undefined
  let dueMs = 0

  const analyse = async (nowMs: number): Promise<Phase> => {
    if (nowMs < dueMs) return 'Running'
    const result = await measure(metric, baseUrl, args)
    dueMs = nowMs + (result.phase === 'Error' ? errorRetryMs : seconds(metric.interval))
    now.message = result.message
    add(measured, result.phase)
    return assess(metric, measured)
  }

  return {
    now,
    measured,
    async look(nowMs) {
      while (now.phase === 'Progressing') {
        const step = steps[at]
        if (step === undefined) {
          now.phase = 'Healthy'
          now.weight = 100
          return
        }
        stepSinceMs ??= nowMs
        if ('setWeight' in step) now.weight = step.setWeight
        else if ('pause' in step) {
          if (nowMs - stepSinceMs < seconds(step.pause.duration)) return
        } else {
          const phase = await analyse(nowMs)
          if (phase === 'Running') return
          if (phase === 'Inconclusive') now.phase = 'Paused'
          if (phase === 'Failed' || phase === 'Error') {
            now.phase = 'Degraded'
            now.weight = 0
          }
          if (phase !== 'Successful') return
        }
        at += 1
        stepSinceMs = undefined
      }
    },
  }
}

function add(measured: Measured, phase: Phase): void {
  measured.all += 1
  // An error is not counted, and ends no row of others but that of successes.
  if (phase !== 'Error') measured.count += 1
  measured.errors = phase === 'Error' ? measured.errors + 1 : 0
  measured.successes = phase === 'Successful' ? measured.successes + 1 : 0
  if (phase === 'Failed') measured.failed += 1
  if (phase === 'Inconclusive') measured.inconclusive += 1
}

/** Limits first, then the row of successes, then the count: a count that is reached without one is a success. */
export function assess(metric: WebMetric, measured: Measured): Phase {
  if (measured.errors > (metric.consecutiveErrorLimit ?? defaultErrorLimit)) return 'Error'
  if (measured.inconclusive > (metric.inconclusiveLimit ?? 0)) return 'Inconclusive'
  const { failureLimit = 0, consecutiveSuccessLimit = 0 } = metric
  if (failureLimit >= 0 && measured.failed > failureLimit) return 'Failed'
  if (consecutiveSuccessLimit > 0 && measured.successes >= consecutiveSuccessLimit) return 'Successful'
  if (metric.count === undefined || measured.count < metric.count) return 'Running'
  return consecutiveSuccessLimit > 0 ? 'Inconclusive' : 'Successful'
}

async function measure(
  metric: WebMetric,
  baseUrl: string,
  args: Readonly<Record<string, string>>,
): Promise<{ readonly phase: Phase; readonly message: string }> {
  const { web } = metric.provider
  const filled = (text: string): string => text.replaceAll(/\{\{\s*args\.(\w+)\s*\}\}/g, (_, name) => args[name] ?? '')
  const failedBecause = (message: string) => ({ phase: 'Error', message }) as const
  try {
    const answer = await fetch(sendTo(filled(web.url), baseUrl), {
      headers: Object.fromEntries((web.headers ?? []).map(({ key, value }) => [key, filled(value)])),
      signal: AbortSignal.timeout((web.timeoutSeconds ?? 10) * 1_000),
    })
    const text = await answer.text()
    if (!answer.ok) return failedBecause(`received non 2xx response code: ${answer.status}`)
    const result = parsed(text)
    // What is no JSON is compared as text: a condition on a field of it cannot be evaluated.
    if (web.jsonPath !== '{$}' || typeof result !== 'object' || result === null) return failedBecause('no such field')
    if (holds(metric.failureCondition, result)) return { phase: 'Failed', message: text }
    return { phase: holds(metric.successCondition, result) ? 'Successful' : 'Inconclusive', message: text }
  } catch (error) {
    return failedBecause(error instanceof Error ? error.message : String(error))
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Only the form that the manifest uses; any other is a fault of the manifest. */
function holds(condition: string, result: object): boolean {
  const [, field, wanted] = /^result\.(\w+) == "(\w+)"$/.exec(condition) ?? []
  if (field === undefined) throw new Error(`the condition ${condition} is not understood`)
  const found = Object.entries(result).find(([name]) => name === field)?.[1]
  return found === wanted
}

const seconds = (text: string): number => {
  const [, n, unit] = /^(\d+)(s|m)$/.exec(text) ?? []
  if (n === undefined) throw new Error(`the duration ${text} is not understood`)
  return Number(n) * (unit === 'm' ? 60_000 : 1_000)
}
