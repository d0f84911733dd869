/** What goes on in the world whether or not a change is out. */
export type Environment = {
  /** ln-sd of speed between customers. */
  readonly logSd: number
  /** ln-sd of how often customers come; at 1, the busiest tenth makes about four tenths of the visits. */
  readonly visitsLogSd: number
  /** Share of customers whose requests fail half of the time, always. */
  readonly chronicShare: number
  /** Errors grow steadily to this factor, and latency to that, over `driftMs`; then they stay. */
  readonly errorDrift: number
  readonly latencyDrift: number
  readonly driftMs: number
  /** For two minutes, at a random moment of the first ten, this share of everyone's requests fails. */
  readonly incidentShare: number
  /** Two other changes that really harm, at a tenth each, with salts of their own. */
  readonly otherChanges: boolean
  /** A failed request is tried again at once, on the mean this many times, with the same result. */
  readonly retries: number
  /** Chance that a customer who met a failure leaves for good. */
  readonly leaveAfterFailure: number
  /** Chance that a customer whose request hangs leaves before 10 s have passed. */
  readonly walkAway: number
  /** Never seen kinds of error that arise by themselves, each the cause of a tenth of the failures from then on. */
  readonly newKindsPerHour: number
}

const calm: Environment = {
  logSd: 0.3,
  visitsLogSd: 1,
  chronicShare: 0,
  errorDrift: 1,
  latencyDrift: 1,
  driftMs: 1_800_000,
  incidentShare: 0,
  otherChanges: false,
  retries: 0,
  leaveAfterFailure: 0,
  walkAway: 0,
  newKindsPerHour: 0,
}

/** Everything at once: the environment in which the promise of few false alarms is tested. */
const all: Environment = {
  ...calm,
  logSd: 0.5,
  chronicShare: 0.03,
  errorDrift: 1.5,
  latencyDrift: 1.2,
  incidentShare: 0.1,
  otherChanges: true,
}

export const environments = {
  calm,
  all,
  /** Customers who differ much: where an unstratified test breaks. */
  unequal: { ...calm, logSd: 1 },
  /** For the comparison: unequal customers, a shared incident, retry bursts. */
  unequalIncidentBursts: { ...calm, logSd: 0.5, chronicShare: 0.03, incidentShare: 0.1, retries: 4 },
  /** Customers who behave: a bad experience ends their visit. */
  leaving: { ...calm, leaveAfterFailure: 0.5, walkAway: 0.7 },
} as const satisfies Record<string, Environment>
