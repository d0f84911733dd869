import { type Effect, type Environment, effects, environments, type Study, shopMix } from 'sankofa/judge/simulate'

/** One row of a table: many rollouts of one kind. */
export type Row = { readonly name: string; readonly study: Omit<Study, 'seed' | 'runs'> }

const hour = 3_600_000
const shop = (customers: number, requestsPerSecond: number, environment: Environment = environments.calm) => ({
  customers,
  requestsPerSecond,
  environment,
})

/** A guard that holds all of α: the hardest case for its level. */
const onlyGuard =
  (wanted: 'errors' | number): NonNullable<Study['guards']> =>
  ({ guards }) =>
    guards.flatMap((guard) =>
      guard.measure === wanted || (guard.measure === 'latency' && guard.quantile === wanted)
        ? [{ ...guard, weight: 0.95 }]
        : [],
    )

const hardest: Environment = { ...environments.all, logSd: 1, chronicShare: 0.1 }
const chronic: Environment = { ...environments.calm, chronicShare: 0.1 }

/** Nobody is hurt: every alarm is a false one. */
export const innocent: readonly Row[] = [
  { name: 'all, 2,000 at 50', study: { world: shop(2_000, 50, environments.all), rollout: { untilMs: hour } } },
  { name: 'all, 500 at 50', study: { world: shop(500, 50, environments.all), rollout: { untilMs: hour } } },
  { name: 'all, 5,000 at 50', study: { world: shop(5_000, 50, environments.all), rollout: { untilMs: hour } } },
  { name: 'all, 2,000 at 5', study: { world: shop(2_000, 5, environments.all), rollout: { untilMs: 3 * hour } } },
  { name: 'all, 500 at 5', study: { world: shop(500, 5, environments.all), rollout: { untilMs: 3 * hour } } },
  { name: 'all, 500 at 0.2', study: { world: shop(500, 0.2, environments.all), rollout: { untilMs: 6 * hour } } },
  {
    name: 'all, 200 at 5, log-sd 1, 10 % chronic',
    study: { world: shop(200, 5, hardest), rollout: { untilMs: 2 * hour } },
  },
  {
    name: 'p90 alone, 200 at 5, log-sd 1',
    study: { world: shop(200, 5, environments.unequal), guards: onlyGuard(0.9), rollout: { untilMs: hour } },
  },
  {
    name: 'p75 alone, 200 at 5, log-sd 1',
    study: { world: shop(200, 5, environments.unequal), guards: onlyGuard(0.75), rollout: { untilMs: hour } },
  },
  {
    name: 'errors alone, 200 at 5, 10 % chronic',
    study: { world: shop(200, 5, chronic), guards: onlyGuard('errors'), rollout: { untilMs: hour } },
  },
  {
    name: 'customers who leave after a failure, 2,000 at 50',
    study: { world: shop(2_000, 50, environments.leaving), rollout: { untilMs: hour } },
  },
]

/** One long stage, and a few customers who make most of the visits: where a test without tenure strata breaks. */
export const heavyUsers: Row = {
  name: 'p75 alone, 1,000 at 20, log-sd 1, heavy users, 10 % for 25 min',
  study: {
    world: shop(1_000, 20, { ...environments.unequal, visitsLogSd: 3 }),
    guards: onlyGuard(0.75),
    rollout: {
      untilMs: 1_500_000,
      stages: [{ share: 0.1, ruleOutRatio: 2, ruleOutExcess: 0.001, minimumMs: 1e9 }],
    },
  },
}

export const harmless: readonly Row[] = [
  [2_000, 50],
  [500, 50],
  [5_000, 50],
  [2_000, 5],
].map(([customers = 0, requestsPerSecond = 0]) => ({
  name: `${customers.toLocaleString('en')} at ${requestsPerSecond}`,
  study: { world: shop(customers, requestsPerSecond), rollout: { untilMs: 6 * hour } },
}))

const harm = (
  name: string,
  effect: Effect,
  world: Study['world'] = shop(2_000, 50),
  more: Partial<Row['study']> = {},
): Row => ({
  name,
  study: { ...more, world, rollout: { effect, untilMs: 2 * hour, ...more.rollout } },
})

const withoutRoutes: NonNullable<Study['guards']> = ({ guards }) => {
  const kept = guards.filter(({ measure }) => measure !== 'route-errors')
  const sum = kept.reduce((total, { weight }) => total + weight, 0)
  return kept.map((guard) => ({ ...guard, weight: (guard.weight * 0.95) / sum }))
}

export const harms: readonly Row[] = [
  harm('10 % of checkouts fail, slower', effects.badCheckout),
  harm('same, 500 customers', effects.badCheckout, shop(500, 50)),
  harm('same, 5,000 customers', effects.badCheckout, shop(5_000, 50)),
  harm('same, 20 routes', effects.badCheckout, { ...shop(2_000, 50), mix: shopMix(20) }),
  harm('same, no route guards', effects.badCheckout, shop(2_000, 50), { guards: withoutRoutes }),
  harm('same, environment "all"', effects.badCheckout, shop(2_000, 50, environments.all)),
  harm('same, customers leave after a failure', effects.badCheckout, shop(2_000, 50, environments.leaving)),
  harm('same, 30,000 at 750, a third reported', effects.badCheckout, shop(30_000, 750), {
    rollout: { effect: effects.badCheckout, sampleRate: 1 / 3, untilMs: hour },
  }),
  harm('same, only from stage 3', effects.badCheckoutFromStage3),
  harm('every checkout fails', effects.brokenCheckout),
  harm('errors 1 → 10 %', effects.errorsTenfold),
  harm('errors 1 → 2 %', effects.errorsDouble),
  harm('20 % never answered', effects.hangs),
  harm('same, customers walk away', effects.hangs, shop(2_000, 50, environments.leaving)),
  harm('only checkout ×2 slower', effects.slowCheckout),
  harm('latency ×1.3', effects.slower),
  harm('slowest tenth ×1.3', effects.slowerTail),
  harm('half of the exposed never arrive', { lost: 0.5 }),
  harm('30 % of the exposed never arrive', { lost: 0.3 }),
  harm('10 % errors, only the formerly exposed', { fails: 0.1, fromStage: 2, onlyFormerly: true }),
  harm('5 req/s: 10 % of checkouts fail, slower', effects.badCheckout, shop(2_000, 5), {
    rollout: { effect: effects.badCheckout, untilMs: 4 * hour },
  }),
  harm('5 req/s: every checkout fails', effects.brokenCheckout, shop(2_000, 5)),
  harm('5 req/s: errors 1 → 10 %', effects.errorsTenfold, shop(2_000, 5), {
    rollout: { effect: effects.errorsTenfold, untilMs: 4 * hour },
  }),
  harm('0.2 req/s, 500: errors 1 → 50 %, 6 h', { fails: 0.49 }, shop(500, 0.2), {
    rollout: { effect: { fails: 0.49 }, untilMs: 6 * hour },
  }),
  harm('0.2 req/s, 500: errors 1 → 10 %, 6 h', effects.errorsTenfold, shop(500, 0.2), {
    rollout: { effect: effects.errorsTenfold, untilMs: 6 * hour },
  }),
]

/** The comparison: four stages of 300 s, whatever the evidence, seen by every method. */
export const comparedStageS = 300
const comparedStages = Array.from({ length: 4 }, () => comparedStageS * 1_000)
const compared = (name: string, effect: Effect, environment: Environment = environments.calm): Row => ({
  name,
  study: {
    world: shop(2_000, 50, environment),
    rollout: { effect, untilMs: 1_200_000, stageMs: comparedStages, ignoreUndo: true },
  },
})

export const comparisons: readonly Row[] = [
  compared('A/A', effects.none),
  compared('A/A, unequal, incident, bursts', effects.none, environments.unequalIncidentBursts),
  compared('10 % of checkouts fail, slower', effects.badCheckout),
  compared('errors 1 → 2 %', effects.errorsDouble),
  compared('latency ×1.3', effects.slower),
]
