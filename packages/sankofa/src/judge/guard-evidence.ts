import { closeEpoch, mixEpochs } from './epoch.ts'
import { addFactor, chanceOfExposed, emptyEvidence, logEvidence } from './factor.ts'
import { logAdd, logCap, logZero } from './log-sum.ts'

/**
 * The evidence of one guard. `fresh` reads the subjects newly drawn in the stage, and is multiplied over stages;
 * `all` reads every subject, for harm that meets only those who were exposed before.
 */
export type GuardEvidence = {
  fresh: EpochEvidence
  all: EpochEvidence
  /** ln of Σ over the stages j so far of weight_j · Π of the evidence of the stages from j to the one before this. */
  logCarried: number
  /** First failures in this stage. */
  exposedFailures: number
  controlFailures: number
  /** Exposed subjects who failed at least once since `go`. */
  harmed: number
}

/** `logNow` is ln of the mean of `sums`: kept, because most windows change nothing for most guards. */
type EpochEvidence = { sums: number[]; logNow: number; logPast: number }

const emptyEpochs = (): EpochEvidence => ({ sums: emptyEvidence(), logNow: 0, logPast: logZero })

export const emptyGuardEvidence = (): GuardEvidence => ({
  fresh: emptyEpochs(),
  all: emptyEpochs(),
  logCarried: logZero,
  exposedFailures: 0,
  controlFailures: 0,
  harmed: 0,
})

/** Counts of one stratum of one window. */
export type Stratum = {
  readonly exposed: number
  readonly control: number
  readonly exposedFailures: number
  readonly failures: number
}

export function addStratum(evidence: EpochEvidence, stratum: Stratum, drawn: number): void {
  if (stratum.failures === 0) return
  const chance = chanceOfExposed(stratum.exposed, stratum.control, drawn)
  if (chance === undefined) return
  addFactor(evidence.sums, stratum.exposedFailures, stratum.failures, chance)
  evidence.logNow = logEvidence(evidence.sums)
}

const logOfStage = (evidence: EpochEvidence, epoch: number): number =>
  mixEpochs(evidence.logPast, epoch, evidence.logNow)

export function beginEpoch(evidence: GuardEvidence, endedEpoch: number): void {
  for (const reading of [evidence.fresh, evidence.all]) {
    reading.logPast = closeEpoch(reading.logPast, endedEpoch, reading.logNow)
    reading.sums = emptyEvidence()
    reading.logNow = 0
  }
}

/** @param weight - prior weight of harm that starts at the stage that begins */
export function beginStageOf(evidence: GuardEvidence, epoch: number, weight: number): void {
  const carried = evidence.logCarried + logOfStage(evidence.fresh, epoch)
  evidence.logCarried = Math.min(logAdd(Math.max(carried, logZero), Math.log(weight)), logCap)
  evidence.fresh = emptyEpochs()
  evidence.all = emptyEpochs()
  evidence.exposedFailures = 0
  evidence.controlFailures = 0
}

/** ln G of the first reading; `weightToCome` belongs to the stages after this one. */
export function logOfFresh(evidence: GuardEvidence, epoch: number, weightToCome: number): number {
  const now = Math.max(evidence.logCarried + logOfStage(evidence.fresh, epoch), logZero)
  return Math.min(weightToCome > 0 ? logAdd(now, Math.log(weightToCome)) : now, logCap)
}

/** ln of the second reading. */
export const logOfAll = (evidence: GuardEvidence, epoch: number): number => logOfStage(evidence.all, epoch)
