import { logAdd, logCap, logZero } from './log-sum.ts'

const firstEpochMs = 30 * 60_000

/** Epochs of a stage begin at 0, 30 min, 2 h, 8 h, 32 h …: harm that starts late meets fresh at-risk sets. */
export function epochAt(sinceStageMs: number): number {
  let epoch = 0
  for (let start = firstEpochMs; sinceStageMs >= start; start *= 4) epoch++
  return epoch
}

/** Prior weight of harm that starts in this epoch: .8, .1, .05, …; they sum to 1. */
export const epochWeight = (epoch: number): number => (epoch === 0 ? 0.8 : 0.2 * 2 ** -epoch)

/** Weight of the epochs still to come. */
const weightToCome = (epoch: number): number => 0.2 * 2 ** -epoch

/**
 * ln of a stage's evidence, mixed over the epoch in which harm starts.
 *
 * @param logPast - ln of the weighted evidence of the epochs that are over
 * @param epoch - the present one
 * @param logNow - ln of its evidence
 */
export function mixEpochs(logPast: number, epoch: number, logNow: number): number {
  const now = Math.min(logNow, logCap) + Math.log(epochWeight(epoch))
  return Math.min(logAdd(logAdd(logPast, now), Math.log(weightToCome(epoch))), logCap)
}

/** ln of the weighted evidence of all epochs up to this one, which is over. */
export function closeEpoch(logPast: number, epoch: number, logNow: number): number {
  return logAdd(Math.max(logPast, logZero), Math.min(logNow, logCap) + Math.log(epochWeight(epoch)))
}
