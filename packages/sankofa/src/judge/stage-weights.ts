/**
 * Prior weight of the stage at which harm starts, summing to 1: half on the first, because most faults show at once,
 * and because there the fewest are exposed.
 */
export function stageWeights(stages: number): readonly number[] {
  if (stages === 1) return [1]
  if (stages === 2) return [0.6, 0.4]
  if (stages === 3) return [0.5, 0.25, 0.25]
  return [0.5, 0.2, ...Array.from({ length: stages - 2 }, () => 0.3 / (stages - 2))]
}
