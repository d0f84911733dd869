import type { JudgePlan } from '../types.ts'
import { createRandom } from './random.ts'
import { planFor, type RolloutOptions, type RolloutResult, simulateRollout } from './rollout.ts'
import { createWorld, type WorldOptions } from './world.ts'

/** Many rollouts in worlds that differ only by chance. */
export type Study = {
  readonly seed: number
  readonly runs: number
  readonly world: Omit<WorldOptions, 'seed' | 'assign'>
  readonly rollout: Omit<RolloutOptions, 'salt' | 'guards'>
  /** Which guards there are, made from those of the plan. */
  readonly guards?: (plan: JudgePlan) => JudgePlan['guards']
  /** Joins methods that run beside the judge; called once a world, before it opens. */
  readonly beside?: (run: number) => Pick<RolloutOptions, 'onWindow'> & Pick<WorldOptions, 'onRequest'>
}

/**
 * The arms are drawn by the generator here, not by SHA-256: equal in law, and a tenth of the time is saved. That the
 * hash draws evenly and independently is tested beside it.
 */
export function runStudy(study: Study): readonly RolloutResult[] {
  return Array.from({ length: study.runs }, (_, run) => {
    const seed = study.seed * 1_000_003 + run
    const draw = createRandom(seed ^ 0x5a17)
    const assign = (): number => draw.uniform()
    const beside = study.beside?.(run)
    const world = createWorld({
      ...study.world,
      seed,
      assign,
      ...(beside?.onRequest === undefined ? {} : { onRequest: beside.onRequest }),
    })
    const plan = planFor(world.baseline(), study.rollout.alpha)
    return simulateRollout(world, {
      ...study.rollout,
      salt: `run ${run}`,
      guards: study.guards?.(plan) ?? plan.guards,
      ...(beside?.onWindow === undefined ? {} : { onWindow: beside.onWindow }),
    })
  })
}

/** The value that a share of the values is at most; `undefined` of none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.min(Math.floor(share * values.length), values.length - 1)]
}

/** Upper 95 % limit (one-sided, Clopper and Pearson) of a share of which `hits` of `n` were seen. */
export function upperLimit(hits: number, n: number): number {
  let [low, high] = [hits / n, 1]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (atMost(hits, n, middle) > 0.05) low = middle
    else high = middle
  }
  return high
}

function atMost(hits: number, n: number, p: number): number {
  let term = Math.exp(n * Math.log1p(-p))
  let sum = term
  for (let k = 1; k <= hits; k++) {
    term *= ((n - k + 1) / k) * (p / (1 - p))
    sum += term
  }
  return sum
}
