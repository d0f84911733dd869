import type { VirtualRun } from './run.ts'

export type Spread = { readonly median: number; readonly p90: number; readonly max: number }
export type Summary = {
  readonly fault: string
  readonly runs: number
  readonly undone: number
  readonly culpritRight: number
  readonly decoysUndone: number
  readonly seconds: Spread
  readonly harmed: Spread
}

export function summarise(fault: string, results: readonly VirtualRun[]): Summary {
  return {
    fault,
    runs: results.length,
    undone: results.filter((result) => result.seconds !== undefined).length,
    culpritRight: results.filter((result) => result.culpritRight).length,
    decoysUndone: results.reduce((sum, result) => sum + result.decoysUndone, 0),
    seconds: spread(results.flatMap((result) => result.seconds ?? [])),
    harmed: spread(results.flatMap((result) => result.harmed ?? [])),
  }
}

/** One row a fault, in the order of their names. */
export function rows(results: readonly VirtualRun[]): readonly Summary[] {
  const byFault = Map.groupBy(results, (result) => result.fault ?? 'none')
  return [...byFault].map(([fault, of]) => summarise(fault, of)).sort((a, b) => a.fault.localeCompare(b.fault))
}

export const describe = ({ fault, runs, undone, culpritRight, decoysUndone, seconds, harmed }: Summary): string =>
  `${fault}: ${undone}/${runs} undone, culprit right ${culpritRight}/${runs}, harmless changes undone ${decoysUndone}; ` +
  `seconds median ${seconds.median} p90 ${seconds.p90} max ${seconds.max}; ` +
  `customers harmed median ${harmed.median} p90 ${harmed.p90} max ${harmed.max}`

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (quantile: number): number => sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN
  return { median: at(0.5), p90: at(0.9), max: at(1) }
}
