/**
 * What the console's HTTP API speaks, in plain JSON: `status --json` prints `Status`, the web app draws it.
 * Types only, so that the web app can import them without the server.
 */

export type * from './releases/contract.ts'

export const verdicts = ['well', 'watching', 'hurting', 'recovered', 'unknown'] as const
export type Verdict = (typeof verdicts)[number]

export type ArmCount = { readonly subjects: number; readonly failures: number }

/** How far the evidence against a change has come. */
export type Evidence = {
  /** ln of the largest weighted e-value. */
  readonly log: number
  /** The change is taken back when `log` reaches this. */
  readonly threshold: number
  /** `log / threshold`, in [0, 1]: the bar. */
  readonly share: number
  /** One sentence for a person. */
  readonly words: string
  /** The guard that holds the largest evidence. */
  readonly leading: string
  /** What that guard counts, such as `failed a request`. */
  readonly failure: string
  readonly exposed: ArmCount
  readonly control: ArmCount
  /** What the two arms are, above their figures. */
  readonly labels: { readonly exposed: string; readonly control: string }
  /** Exposed customers who failed the leading guard since `go`. */
  readonly harmed: number
}

export type ChangeStatus = {
  readonly id: string
  readonly kind: 'migration' | 'flag' | 'release' | 'tunable'
  readonly title: string
  readonly author: string
  readonly state: 'proposed' | 'proved' | 'refused' | 'exposed' | 'bake' | 'settled' | 'undone'
  /** 1-based; 0 before the first. */
  readonly stage: number
  readonly stages: readonly { readonly share: number; readonly expectedMs: number | null }[]
  /** The share of customers who have it now, in [0, 1]. */
  readonly share: number
  /** The same in the words of its kind: `10 % of customers`, `Applied, for everyone`. */
  readonly reach: string
  readonly undoProved: boolean
  /** How the undo was proved, or why it is not. */
  readonly undoWords: string
  readonly evidence: Evidence | null
  /** What is happening with it now, one sentence. */
  readonly now: string
  /** How long until the next step is expected, in words; empty when nothing is awaited. */
  readonly wait: string
  /** Who moved it last, and when (ISO 8601). */
  readonly lastActor: string
  readonly lastAt: string
  readonly held: { readonly reason: string; readonly ask: string } | null
  readonly can: { readonly go: boolean; readonly hold: boolean; readonly back: boolean }
}

/** The change that the evidence names, told for a person. */
export type CulpritStory = {
  readonly change: string
  readonly title: string
  readonly author: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly undoneAt: string | null
  /** Exposed customers who failed the leading guard. */
  readonly harmed: number
  readonly happened: string
  readonly done: string
  readonly certainty: string
  readonly evidence: Evidence | null
  /** What it cost, from the business events; empty while not known. */
  readonly cost: string
}

export type SignalName = 'failed' | 'slow' | 'completed' | 'value'
export type SignalStatus = {
  readonly name: SignalName
  readonly audience: 'technical' | 'business'
  readonly label: string
  /** Over the last five minutes; null when there is nothing to count. */
  readonly value: number | null
  readonly unit: 'share' | 'ms' | 'money-per-minute'
  readonly currency?: string
  /** What it was in the hour before, and what it must not cross; null while that is being learned. */
  readonly usual: number | null
  readonly limit: number | null
  /** Whether harm is above or below the limit. */
  readonly worse: 'above' | 'below'
  readonly state: 'normal' | 'beyond' | 'learning' | 'unknown'
  /** The value as a person reads it. */
  readonly shown: string
  readonly words: string
}

export type Measuring = {
  /** Age of the newest report; null when there has never been one. */
  readonly ageMs: number | null
  /** What could not be kept in the last hour, all reasons together. */
  readonly dropped: number
  readonly processes: readonly { readonly processId: string; readonly service: string; readonly ageMs: number }[]
  readonly requestsPerSecond: number
  /** Whether a watcher holds the lease: without one nothing goes on and nothing is taken back by itself. */
  readonly watching: boolean
}

export type Status = {
  readonly verdict: Verdict
  readonly sentence: string
  /** One more sentence: what is being done about it. */
  readonly detail: string
  /** Id of the change that the evidence names now. */
  readonly culprit: string | null
  readonly story: CulpritStory | null
  readonly signals: readonly SignalStatus[]
  readonly changes: readonly ChangeStatus[]
  readonly measuring: Measuring
  /** When this was read, ISO 8601. */
  readonly at: string
  /** Set when PostgreSQL does not answer: everything else is then from `at`. */
  readonly away?: string
}

/** What the chart draws: one value a step, null where nothing was measured. */
export type SignalSeries = {
  readonly stepS: number
  /** Seconds since 1970, start of each step. */
  readonly times: readonly number[]
  readonly requestsPerSecond: readonly (number | null)[]
  readonly failedShare: readonly (number | null)[]
  readonly p50Ms: readonly (number | null)[]
  readonly p95Ms: readonly (number | null)[]
  readonly completedShare: readonly (number | null)[]
  /** Minor units of the currency that the signal shows. */
  readonly valuePerMinute: readonly (number | null)[]
  readonly marks: readonly Mark[]
}

export type Mark = {
  readonly atMs: number
  readonly change: string
  readonly what: 'shown' | 'taken back' | 'paused' | 'kept'
  /** What fits beside a line of the chart. */
  readonly short: string
  readonly words: string
}

export type ChangeHistory = {
  readonly change: string
  readonly records: readonly {
    readonly id: string
    readonly at: string
    readonly actor: string
    readonly words: string
  }[]
  readonly windows: readonly { readonly atMs: number; readonly stage: number; readonly share: number }[]
}

export type ForecastAnswer = { readonly sentence: string; readonly cannotSee: readonly string[] }

export type Me = { readonly name: string; readonly service: string }
export type Refusal = { readonly error: string; readonly message: string }
