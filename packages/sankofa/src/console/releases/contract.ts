/** What `GET /api/releases` says, in plain JSON. Types only, as in `../contract.ts`. */

export type ReleaseSize = {
  /** `null` where it was not measured. */
  readonly lines: number | null
  readonly files: number | null
  readonly migrations: number | null
  readonly flags: number | null
  readonly dependencies: number | null
}

export type NewCommit = { readonly id: string; readonly title: string; readonly author: string }

/** Where to look when it hurts: what is new since the release before, by the part of the code that it touches. */
export type ReleaseNews = {
  readonly commits: number
  readonly groups: readonly {
    /** What the name is of; empty where nothing is known but the commits. */
    readonly kind: 'folder' | 'flag' | 'migration' | ''
    readonly name: string
    /** The newest. */
    readonly commits: readonly NewCommit[]
    /** How many are not listed, because there are too many. */
    readonly more: number
  }[]
  readonly moreGroups: number
  /** What the release before has and this one lacks: it was not made on top of it. */
  readonly missing: readonly NewCommit[]
}

export type ReleaseSummary = {
  readonly release: string
  /** The first line of its commit; `null` for a folder or an archive. */
  readonly title: string | null
  readonly author: string | null
  /** ISO 8601, and who made it; `null` when its manifest cannot be read. */
  readonly madeAt: string | null
  readonly madeBy: string | null
  /** The ref, folder or file that it was made from. */
  readonly from: string | null
  readonly size: ReleaseSize | null
  readonly news: ReleaseNews | null
}

/** Of one release on all hosts: never better than what the hosts that report say. */
export const releaseHealths = ['ready', 'starting', 'failed', 'unknown'] as const
export type ReleaseHealth = { readonly state: (typeof releaseHealths)[number]; readonly words: string }

export type CurrentRelease = ReleaseSummary & {
  /** Since when everybody gets it; not `exact`: since some time before. */
  readonly since: { readonly at: string; readonly exact: boolean } | null
  readonly health: ReleaseHealth
}

export type NextRelease = ReleaseSummary & {
  readonly change: string | null
  /** The share of customers who get it now, in [0, 1]. */
  readonly share: number
  /** 1-based; 0 before the first. */
  readonly stage: number
  readonly stages: number
  readonly health: ReleaseHealth
}

export type HostProcess = {
  readonly release: string
  /** `serve` gets requests; `rehearse` is tried beside it. */
  readonly purpose: string
  /** As its host told: `missing`, `starting`, `ready`, `failed`, `draining`, `stopped`. */
  readonly state: string
  readonly inFlight: number | null
  readonly checks: readonly { readonly path: string; readonly status: number | null; readonly ms: number }[]
  readonly restarts: number
  /** The last words of one that does not come up. */
  readonly error: string | null
  readonly startedInMs: number | null
  /** ISO 8601: in this state since. */
  readonly since: string
}

export type HostGateway = {
  /** As its host told: `starting`, `ready`, `failed`, `stopped`. */
  readonly state: string
  readonly restarts: number
  readonly error: string | null
  readonly connections: number | null
  readonly inFlight: number | null
}

export type ReleaseHost = {
  readonly host: string
  /** Age of its newest report. */
  readonly ageMs: number
  /** It said nothing for so long that its processes are not known. */
  readonly silent: boolean
  /** What stands before its processes; `null` when it did not say. */
  readonly gateway: HostGateway | null
  readonly processes: readonly HostProcess[]
}

export type ServiceReleases = {
  readonly service: string
  /** What everybody gets; `null` before the first. */
  readonly current: CurrentRelease | null
  /** What goes out. */
  readonly next: NextRelease | null
  /** Changes that wait to go out with a release of this service. */
  readonly waiting: readonly string[]
  readonly hosts: readonly ReleaseHost[]
  /** Those made beside the two above, newest first; `became` says what became of each. */
  readonly made: readonly (ReleaseSummary & { readonly became: string })[]
}

export const shipStates = ['running', 'done', 'failed', 'interrupted', 'unknown'] as const
export type ShipStepView = {
  readonly step: string
  readonly title: string
  readonly state: 'begun' | 'done' | 'failed' | 'skipped'
  /** ISO 8601: when this was said. */
  readonly at: string
  readonly tookMs: number | null
  readonly detail: string
}

/** One run of `sankofa ship`, as it wrote it down. */
export type ShipRun = {
  readonly run: string
  readonly change: string
  readonly actor: string
  readonly state: (typeof shipStates)[number]
  /** What it does now, or how it ended, in a sentence. */
  readonly words: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly lastAt: string
  readonly steps: readonly ShipStepView[]
}

export type ReleasesStatus = {
  /** One sentence on what everybody gets and what goes out. */
  readonly sentence: string
  /** One more: what to do about it; empty when there is nothing to do. */
  readonly detail: string
  readonly services: readonly ServiceReleases[]
  /** Newest first. */
  readonly ships: readonly ShipRun[]
  /** When this was read, ISO 8601. */
  readonly at: string
  /** Set when PostgreSQL does not answer: everything else is then from `at`. */
  readonly away?: string
}
