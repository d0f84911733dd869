/** What happened in one step of time: how many tried, how many of them came to harm. */
export type Step = { readonly startMs: number; readonly n: number; readonly bad: number }

export type Recovery =
  /** Normal without a break since then, and for long enough. */
  | { readonly is: 'normal'; readonly sinceMs: number }
  /** Normal of late, not yet for long enough. */
  | { readonly is: 'settling' }
  | { readonly is: 'not-normal' }
  /** Too few have tried to tell. */
  | { readonly is: 'not-known' }

/** Fewer than this say nothing about a time. */
export const fewest = 5

/**
 * Has what was harmed come back to normal? Observed from what people did, never from what we did about it: without
 * people the answer is `not-known`. Pure.
 *
 * @param everyone - steps of everyone, without those that are empty
 * @param harmed - steps of those only who were exposed before; may be few, so they can only object
 * @param baseline - share that came to harm before it began
 */
export function observedRecovery(
  everyone: readonly Step[],
  harmed: readonly Step[],
  options: {
    readonly fromMs: number
    readonly toMs: number
    readonly stepMs: number
    readonly normalForMs: number
    readonly baseline: number
  },
): Recovery {
  const { fromMs, toMs, stepMs, normalForMs, baseline } = options
  const isNormal = (from: number, to: number): boolean =>
    asUsual(total(everyone, from, to), baseline) && asUsual(total(harmed, from, to), baseline)
  const isSeen = (from: number, to: number): boolean => total(everyone, from, to).n >= fewest
  const lastMs = toMs - normalForMs
  const recently = isSeen(lastMs, toMs) && isNormal(lastMs, toMs)
  for (let sinceMs = fromMs; recently && sinceMs <= lastMs; sinceMs += stepMs) {
    // A bad beginning must not be thinned out by a long good time after it.
    const wellBegun = isNormal(sinceMs, sinceMs + stepMs) && isNormal(sinceMs, sinceMs + normalForMs)
    if (wellBegun && isSeen(sinceMs, sinceMs + normalForMs) && isNormal(sinceMs, toMs)) return { is: 'normal', sinceMs }
  }
  const settlingFromMs = Math.max(fromMs, toMs - Math.max(3 * stepMs, normalForMs / 4))
  if (isSeen(settlingFromMs, toMs) && isNormal(settlingFromMs, toMs)) return { is: 'settling' }
  const recentMs = Math.max(fromMs, lastMs)
  if (!isNormal(recentMs, toMs)) return { is: 'not-normal' }
  return isSeen(recentMs, toMs) ? { is: 'settling' } : { is: 'not-known' }
}

/** Not more than chance brings: the mean, three standard deviations, and one. */
const asUsual = ({ n, bad }: { readonly n: number; readonly bad: number }, share: number): boolean =>
  bad <= n * share + 3 * Math.sqrt(n * share * (1 - share)) + 1

function total(steps: readonly Step[], fromMs: number, toMs: number): { readonly n: number; readonly bad: number } {
  let n = 0
  let bad = 0
  for (const step of steps) {
    if (step.startMs < fromMs || step.startMs >= toMs) continue
    n += step.n
    bad += step.bad
  }
  return { n, bad }
}
