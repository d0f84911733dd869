import { logMeanExp } from './log-sum.ts'

/** How many times as many failures the change may cause: the prior, an eighth each. */
export const ratios = [1.3, 1.6, 2, 3, 5, 10, 20, 50] as const
const logRatios = ratios.map((ratio) => Math.log(ratio))

/** One running sum for each ratio. */
export const emptyEvidence = (): number[] => ratios.map(() => 0)

/**
 * The chance that a failure in this stratum is an exposed subject's, if the change does nothing.
 *
 * Below two expected in the rarer arm the drawn share is used: the choice looks only at both arms together, so it
 * cannot favour one, and a stratum in which one arm is empty still counts. `undefined`: nothing can be learned.
 *
 * @param exposed - exposed subjects at risk
 * @param control - control subjects at risk
 * @param drawn - share of these subjects that was drawn to be exposed
 */
export function chanceOfExposed(exposed: number, control: number, drawn: number): number | undefined {
  if ((exposed + control) * Math.min(drawn, 1 - drawn) < 2) return drawn
  if (exposed === 0 || control === 0) return undefined
  return exposed / (exposed + control)
}

/**
 * Multiplies one window's factor `r^a / (rρ + 1 − ρ)^m` into the evidence, for each ratio r of the prior, in logs.
 * Its expectation is at most 1 for a change without effect: equal to 1 when ρ is the drawn share, below it when ρ is
 * the share observed at risk (Hoeffding 1963).
 *
 * @param evidence - sums to add to, one a ratio
 * @param exposedFailures - a
 * @param failures - m, both arms
 * @param chance - ρ
 */
export function addFactor(evidence: number[], exposedFailures: number, failures: number, chance: number): void {
  for (let i = 0; i < ratios.length; i++) {
    const tilted = 1 + chance * ((ratios[i] ?? 1) - 1)
    evidence[i] = (evidence[i] ?? 0) + exposedFailures * (logRatios[i] ?? 0) - failures * Math.log(tilted)
  }
}

/** ln of the evidence averaged over the prior. */
export const logEvidence = (evidence: readonly number[]): number => logMeanExp(evidence)
