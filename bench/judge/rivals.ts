/** A method that a team may use instead: sees every request, is asked every 10 s, and begins anew with each stage. */
export type Rival = {
  readonly name: string
  request(customer: number, failed: boolean, lnUs: number, exposed: boolean): void
  /** @returns whether it raises an alarm at the end of this window */
  windowEnds(): boolean
  beginStage(): void
}

type Arm = { n: number; failures: number; lnUs: number[] }
const emptyArm = (): Arm => ({ n: 0, failures: 0, lnUs: [] })

function addTo(arm: Arm, failed: boolean, lnUs: number): void {
  arm.n++
  if (failed) arm.failures++
  arm.lnUs.push(lnUs)
}

const shareOf = (arm: Arm): number => (arm.n === 0 ? 0 : arm.failures / arm.n)
function p95Of(arm: Arm): number {
  const sorted = Float64Array.from(arm.lnUs).sort()
  return sorted[Math.min(Math.floor(0.95 * sorted.length), sorted.length - 1)] ?? 0
}

/** Every 5 min: errors above control's by a percentage point, or p95 above 1.2 × control's. */
export function fiveMinuteThreshold(): Rival {
  let [exposed, control, windows] = [emptyArm(), emptyArm(), 0]
  const restart = (): void => {
    exposed = emptyArm()
    control = emptyArm()
    windows = 0
  }
  return {
    name: '5-minute threshold',
    request: (_, failed, lnUs, isExposed) => addTo(isExposed ? exposed : control, failed, lnUs),
    windowEnds: () => {
      windows++
      if (windows < 30) return false
      const both = exposed.n > 0 && control.n > 0
      const slower = p95Of(exposed) > p95Of(control) + Math.log(1.2)
      const alarm = both && (shareOf(exposed) > shareOf(control) + 0.01 || slower)
      restart()
      return alarm
    },
    beginStage: restart,
  }
}

/** Every 10 s: the 10 s points of each arm so far in the stage, errors and p95, one-sided p < .02. */
export function repeatedMannWhitney(): Rival {
  let [exposed, control] = [emptyArm(), emptyArm()]
  let points = { errors: [[], []] as [number[], number[]], p95: [[], []] as [number[], number[]] }
  return {
    name: 'repeated Mann–Whitney',
    request: (_, failed, lnUs, isExposed) => addTo(isExposed ? exposed : control, failed, lnUs),
    windowEnds: () => {
      for (const [i, arm] of [exposed, control].entries()) {
        if (arm.n === 0) continue
        points.errors[i]?.push(shareOf(arm))
        points.p95[i]?.push(p95Of(arm))
      }
      exposed = emptyArm()
      control = emptyArm()
      return [points.errors, points.p95].some(([ofExposed, ofControl]) => mannWhitneyZ(ofExposed, ofControl) > 2.054)
    },
    beginStage: () => {
      points = { errors: [[], []], p95: [[], []] }
    },
  }
}

/** Normal approximation with ties; 0 below five points. */
export function mannWhitneyZ(exposed: readonly number[], control: readonly number[]): number {
  const [n1, n0] = [exposed.length, control.length]
  if (n1 < 5 || n0 < 5) return 0
  const all = [...exposed.map((value) => ({ value, mine: 1 })), ...control.map((value) => ({ value, mine: 0 }))]
  all.sort((a, b) => a.value - b.value)
  let [rankSum, tieTerm] = [0, 0]
  for (let i = 0; i < all.length; ) {
    let end = i
    while (end < all.length && all[end]?.value === all[i]?.value) end++
    const ties = end - i
    const rank = (i + 1 + end) / 2
    for (let j = i; j < end; j++) rankSum += rank * (all[j]?.mine ?? 0)
    tieTerm += ties ** 3 - ties
    i = end
  }
  const n = n1 + n0
  const variance = ((n1 * n0) / 12) * (n + 1 - tieTerm / (n * (n - 1)))
  return variance <= 0 ? 0 : (rankSum - (n1 * (n1 + 1)) / 2 - (n1 * n0) / 2) / Math.sqrt(variance)
}

/**
 * Every 10 s: an asymptotic confidence sequence (Waudby-Smith et al. 2021, theorem 2.2) for the difference between the
 * arms' means over subjects, of errors and of ln latency, α .01 shared by both.
 */
export function asymptoticSequence(): Rival {
  let subjects = new Map<number, { n: number; failures: number; lnUs: number; exposed: boolean }>()
  return {
    name: 'asymptotic confidence sequence',
    request: (customer, failed, lnUs, exposed) => {
      const subject = subjects.get(customer) ?? { n: 0, failures: 0, lnUs: 0, exposed }
      subject.n++
      if (failed) subject.failures++
      subject.lnUs += lnUs
      subjects.set(customer, subject)
    },
    windowEnds: () => {
      const of = (exposed: boolean, mean: 'failures' | 'lnUs') =>
        momentsOf([...subjects.values()].filter((s) => s.exposed === exposed).map((s) => s[mean] / s.n))
      return (['failures', 'lnUs'] as const).some((metric) => lowerEnd(of(true, metric), of(false, metric), 0.005) > 0)
    },
    beginStage: () => {
      subjects = new Map()
    },
  }
}

type Moments = { readonly n: number; readonly mean: number; readonly variance: number }

function momentsOf(values: readonly number[]): Moments {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(n, 1)
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(n - 1, 1)
  return { n, mean, variance }
}

/** One-sided lower end of `exposed − control`; the width is tightest at 500 subjects. */
function lowerEnd(exposed: Moments, control: Moments, alpha: number): number {
  if (exposed.n < 5 || control.n < 5) return Number.NEGATIVE_INFINITY
  const n = exposed.n + control.n
  const variance = n * (exposed.variance / exposed.n + control.variance / control.n)
  const twoSided = 2 * alpha
  const rho2 = (-2 * Math.log(twoSided) + Math.log(-2 * Math.log(twoSided) + 1)) / 500
  const grown = n * rho2 + 1
  const radius = Math.sqrt(((2 * grown) / (n * n * rho2)) * Math.log(Math.sqrt(grown) / twoSided))
  return exposed.mean - control.mean - radius * Math.sqrt(variance)
}

export const rivals = [fiveMinuteThreshold, repeatedMannWhitney, asymptoticSequence] as const
