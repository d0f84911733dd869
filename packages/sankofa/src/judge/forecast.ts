import { ratios } from './factor.ts'
import { sampleRatioWeight } from './reading.ts'
import { stageWeights } from './stage-weights.ts'
import type { Guard, JudgePlan, Stage } from './types.ts'

/** What a person is told before `go`, and what the deadline of each stage is made of. */
export type Forecast = {
  readonly requestsPerSecond: number
  readonly subjectsPerWindow: number
  /** One sentence for a person: what will be seen, and when. */
  readonly sentence: string
  readonly stages: readonly {
    readonly share: number
    /** How long the stage is expected to take for a harmless change, ms. Right within a factor of two. */
    readonly expectedMs: number
    /** The least factor by which errors must grow to be seen in that time; `undefined` when nothing would be seen. */
    readonly smallestRatio: number | undefined
    /**
     * How many exposed customers must fail before the stage ends the change: what a harm costs at least. `undefined` when
     * fewer are exposed than that.
     */
    readonly harmedUntilSeen?: number | undefined
  }[]
  /** What this traffic cannot show, one sentence each. */
  readonly cannotSee: readonly string[]
}

/** The traffic that a forecast is made from: the last hour, both arms pooled. */
export type Traffic = {
  readonly requestsPerSecond: number
  /** Active subjects in a window, mean. */
  readonly subjectsPerWindow: number
  readonly subjects: number
  /** How much of that hour was measured; all of it unless told. */
  readonly measuredMs?: number
  /** Subjects per second who fail a request for the first time in an epoch. */
  readonly firstFailuresPerSecond: number
}

/** A stage that is undecided after this many times its expected wait asks a person. */
export const deadlineFactor = 3

const hourMs = 3_600_000
/** Beyond this a factor tells nobody anything: `harmedUntilSeen` speaks of such a harm. */
const largestRatio = 20
/** A stage that never decides is forecast as a day. */
const longestMs = 24 * 3_600_000

/**
 * What this traffic will show, and when.
 *
 * Wait: 1.5 × the slowest gate, each gate by the quicker of its two ways out. Smallest harm: the least ratio whose
 * expected evidence reaches the threshold in that time.
 */
export function forecast({ baseline, plan }: { readonly baseline: Traffic; readonly plan: JudgePlan }): Forecast {
  const weights = stageWeights(plan.stages.length)
  const stages = plan.stages.map((stage, index) => {
    const expectedMs = expectedWaitMs(baseline, stage)
    const smallestRatio = smallestRatioSeen(baseline, plan, stage, weights[index] ?? 0, expectedMs)
    const harmedUntilSeen = harmedUntilSeenIn(baseline, plan, stage, weights[index] ?? 0, expectedMs)
    return { share: stage.share, expectedMs, smallestRatio, harmedUntilSeen }
  })
  return {
    requestsPerSecond: baseline.requestsPerSecond,
    subjectsPerWindow: baseline.subjectsPerWindow,
    sentence: sentence(baseline, stages),
    stages,
    cannotSee: cannotSee(plan, stages),
  }
}

/** How long a harmless change is expected to stay, ms. */
function expectedWaitMs(traffic: Traffic, stage: Stage): number {
  const { ruleOutRatio: d, ruleOutExcess: excess, share: s } = stage
  if (d === undefined || excess === undefined) return stage.minimumMs
  const exposedPerWindow = s * traffic.subjectsPerWindow
  const windowS = 10
  const shareFailing =
    traffic.subjectsPerWindow > 0 ? (traffic.firstFailuresPerSecond * windowS) / traffic.subjectsPerWindow : 0
  const byRatioS = 4.8 / (traffic.firstFailuresPerSecond * (Math.log(s * d + 1 - s) - s * Math.log(d)))
  const byExcessS = (failing: number): number => 48 / (exposedPerWindow * divergence(failing, failing + excess))
  // The rarest failure (unanswered: none) leaves only by excess; the common one by whichever is quicker.
  const slowestS = Math.max(Math.min(byRatioS, byExcessS(Math.min(shareFailing, 0.9))), byExcessS(0))
  return Math.round(Math.min(Math.max(1.5 * slowestS * 1_000, stage.minimumMs), longestMs))
}

/** Kullback–Leibler divergence of two coins, in nats. */
function divergence(p: number, q: number): number {
  const ofFailing = p === 0 ? 0 : p * Math.log(p / q)
  return ofFailing + (1 - p) * Math.log((1 - p) / (1 - q))
}

function smallestRatioSeen(
  traffic: Traffic,
  plan: JudgePlan,
  stage: Stage,
  stageWeight: number,
  withinMs: number,
): number | undefined {
  const errors = plan.guards.find((guard) => guard.measure === 'errors')
  if (errors === undefined) return undefined
  const needed = Math.log(1 / (plan.alpha * errors.weight * stageWeight)) + 1.5
  const expectedFailures = (traffic.firstFailuresPerSecond * withinMs) / 1_000
  const s = stage.share
  const expected = (r: number): number =>
    expectedFailures * (s * r * Math.log(r) - (s * r + 1 - s) * Math.log(s * r + 1 - s))
  if (!(expected(largestRatio) >= needed)) return undefined
  let [low, high] = [1, largestRatio]
  while (high / low > 1.005) {
    const middle = Math.sqrt(low * high)
    if (expected(middle) >= needed) high = middle
    else low = middle
  }
  return high
}

/**
 * The least k with max over r of `a·ln r − m·ln(sr+1−s) ≥ ln(1/(α·weight·w_j)) + 1.5`, where a = k + s·λT failures are
 * exposed ones and m = k + λT are all: a harm so strong that the time it takes does not matter.
 */
function harmedUntilSeenIn(
  traffic: Traffic,
  plan: JudgePlan,
  stage: Stage,
  stageWeight: number,
  withinMs: number,
): number | undefined {
  const weight = Math.max(...plan.guards.map((guard) => guard.weight))
  const needed = Math.log(1 / (plan.alpha * weight * stageWeight)) + 1.5
  const s = stage.share
  // A strong harm is found long before the stage's time is up: the others' failures of a minute stand beside it.
  const others = traffic.firstFailuresPerSecond * Math.min(withinMs / 1_000, 60)
  const reachable = Math.floor(s * traffic.subjects)
  for (let harmed = 1; harmed <= reachable; harmed++) {
    const exposed = harmed + s * others
    const evidence = ratios.map((r) => exposed * Math.log(r) - (harmed + others) * Math.log(s * r + 1 - s))
    if (Math.max(...evidence) >= needed) return harmed
  }
  return undefined
}

type StageForecast = Forecast['stages'][number]

function sentence(traffic: Traffic, stages: readonly StageForecast[]): string {
  const [first] = stages
  const toLastMs = stages.slice(0, -1).reduce((sum, stage) => sum + stage.expectedMs, 0)
  const strong =
    first?.harmedUntilSeen === undefined
      ? 'the first stage alone will not show a harm'
      : `a change that breaks things is noticed when about ${first.harmedUntilSeen} of them were hurt`
  const slight =
    first?.smallestRatio === undefined
      ? ''
      : `, one that makes errors grow in ${duration(first.expectedMs)} from ${factor(first.smallestRatio)}`
  const seen = `${strong}${slight}`
  const shown = Math.max(1, Math.round((first?.share ?? 0) * traffic.subjects))
  return (
    `At ${plainNumber(traffic.requestsPerSecond)} requests a second and ${traffic.subjects.toLocaleString('en')} customers an hour${estimated(traffic)}, ` +
    `about ${shown.toLocaleString('en')} see the change first; ${seen}; a harmless change reaches ` +
    `${percent(stages.at(-1)?.share ?? 0)} in about ${duration(toLastMs)}.`
  )
}

const estimated = ({ measuredMs = hourMs }: Traffic): string =>
  measuredMs < 0.9 * hourMs ? ` (estimated from ${duration(measuredMs)})` : ''

function cannotSee(plan: JudgePlan, stages: readonly StageForecast[]): readonly string[] {
  const ratios = stages.flatMap(({ smallestRatio }) => smallestRatio ?? [])
  const noticed = stages.some(({ harmedUntilSeen }) => harmedUntilSeen !== undefined)
  const watched = plan.guards.reduce((sum, guard) => sum + guard.weight, sampleRatioWeight)
  return [
    ...(noticed
      ? []
      : ['No harm will be seen in the expected time: there is too little traffic, so a person must look.']),
    ...(noticed && ratios.length > 0
      ? [`Errors that grow less than ${factor(Math.min(...ratios))} may pass unseen.`]
      : []),
    ...(noticed && ratios.length === 0
      ? ['Errors are so rare here that a small growth of them cannot be told from chance.']
      : []),
    ...(plan.guards.some((guard) => guard.measure === 'business')
      ? []
      : ['No business attempt is watched: a change that answers, but does the wrong thing, passes unseen.']),
    ...(plan.guards.some((guard) => guard.measure === 'latency')
      ? []
      : ['No route has had 300 requests yet: slowness is not watched.']),
    ...slownessWords(plan.guards),
    ...(watched > 1.000001
      ? ['The weights of the guards exceed 1: more harmless changes are undone than promised.']
      : []),
    'Harm that meets everyone alike, such as a slower shared database, looks the same in both arms.',
  ]
}

function slownessWords(guards: readonly Guard[]): readonly string[] {
  const from = guards.flatMap((guard) => (guard.measure === 'latency' ? (guard.fromShare ?? []) : [])).at(0)
  if (from === undefined) return []
  return [
    `Slowness is judged from ${percent(from)} on, after a few minutes: before, the new processes have too little to do to be as fast as the busy old ones.`,
  ]
}

const plainNumber = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toPrecision(2))
const factor = (ratio: number): string => `${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}-fold`
const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`

function duration(ms: number): string {
  const minutes = ms / 60_000
  if (minutes < 1.5) return `${Math.round(ms / 1_000)} s`
  return minutes < 90 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`
}
