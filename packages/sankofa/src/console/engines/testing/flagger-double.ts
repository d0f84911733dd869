import { manifest, sendTo } from './manifests.ts'

/**
 * Flagger's rules as far as they go by webhooks, for a canary by weights: written from its documentation (usage/webhooks,
 * usage/how-it-works) and behaviour at 1.44. Its clock is the test's.
 */
export type FlaggerPhase =
  | 'Initialized'
  | 'Waiting'
  | 'Progressing'
  | 'WaitingPromotion'
  | 'Promoting'
  | 'Succeeded'
  | 'Failed'

type Webhook = {
  readonly name: string
  readonly type: string
  readonly url: string
  readonly metadata: Readonly<Record<string, string>>
}
type Analysis = {
  readonly interval: string
  readonly threshold: number
  readonly maxWeight: number
  readonly stepWeight: number
  readonly webhooks: readonly Webhook[]
}

export type FlaggerDouble = {
  /** One look of the controller, when its interval is over. */
  look(nowMs: number): Promise<void>
  /** `lastNo`: what was said at the last “no”, but for the hook where that is the good news. */
  readonly now: { phase: FlaggerPhase; weight: number; failedChecks: number; lastNo: string }
}

export function flaggerDouble(options: {
  readonly baseUrl: string
  readonly change: string
  readonly token: string
}): FlaggerDouble {
  const { analysis } = manifest('flagger-canary.yaml').spec as { readonly analysis: Analysis }
  if (analysis.interval !== '1m') throw new Error(`the interval ${analysis.interval} is not understood`)
  const now: FlaggerDouble['now'] = { phase: 'Initialized', weight: 0, failedChecks: 0, lastNo: '' }
  let dueMs = 0

  /** The first hook of a type that does not say yes says no; a type without hooks has no objection. */
  const passes = async (type: string): Promise<boolean> => {
    for (const hook of analysis.webhooks.filter((one) => one.type === type)) if (!(await call(hook))) return false
    return true
  }
  const call = async (hook: Webhook): Promise<boolean> => {
    const { change, token } = options
    const metadata = { ...hook.metadata, change, token }
    const phase = now.phase === 'Initialized' ? 'Progressing' : now.phase
    const body = JSON.stringify({ name: 'checkout', namespace: 'shop', phase, checksum: '85d557f47b', metadata })
    try {
      const answer = await fetch(sendTo(hook.url, options.baseUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(10_000),
      })
      const text = await answer.text()
      // 204 is a no; what its client would try again loses its text.
      if (answer.status > 202 && hook.type !== 'rollback')
        now.lastNo = answer.status >= 500 || answer.status === 429 ? 'giving up' : text
      return answer.status <= 202
    } catch (error) {
      now.lastNo = String(error)
      return false
    }
  }
  const rollBack = (): void => {
    now.phase = 'Failed'
    now.weight = 0
  }

  return {
    now,
    async look(nowMs) {
      if (nowMs < dueMs || now.phase === 'Succeeded' || now.phase === 'Failed') return
      dueMs = nowMs + 60_000
      if (now.phase === 'Initialized' || now.phase === 'Waiting') {
        now.phase = (await passes('confirm-rollout')) ? 'Progressing' : 'Waiting'
        return
      }
      if (now.phase === 'Promoting') {
        now.phase = 'Succeeded'
        now.weight = 100
        return
      }
      const rollbacks = analysis.webhooks.filter((hook) => hook.type === 'rollback')
      for (const hook of rollbacks) if (await call(hook)) return rollBack()
      if (now.failedChecks >= analysis.threshold) return rollBack()
      if (!(await passes(now.weight === 0 ? 'pre-rollout' : 'rollout'))) {
        now.failedChecks += 1
        return
      }
      if (now.phase !== 'WaitingPromotion' && !(await passes('confirm-traffic-increase'))) return
      if (now.weight < analysis.maxWeight) {
        now.weight = Math.min(100, now.weight + analysis.stepWeight)
        return
      }
      now.phase = (await passes('confirm-promotion')) ? 'Promoting' : 'WaitingPromotion'
    },
  }
}
