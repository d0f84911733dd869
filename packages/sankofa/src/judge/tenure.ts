/** Strata of a subject's earlier active windows in the epoch: 0, 1, 2–3, 4–7, 8 and more. */
export const strata = 5

/**
 * Survivors are faster and healthier than newcomers; compared with them, an arm that lost its weak subjects looks
 * well. So like is compared with like.
 */
export function stratumOf(earlierWindows: number): number {
  if (earlierWindows < 2) return earlierWindows
  if (earlierWindows < 4) return 2
  return earlierWindows < 8 ? 3 : 4
}
