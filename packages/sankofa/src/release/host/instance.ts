import type { Logger } from 'pino'
import type { Clock, ReleaseId } from '../../core/index.ts'
import type { Layout } from '../layout.ts'
import type { Check } from './check.ts'
import type { HostFile } from './host-file.ts'
import type { ProcessTable } from './process-identity.ts'

export type Instance = {
  readonly release: ReleaseId
  /** `serve`: gets requests; `rehearse`: a second one beside it, never routed to. */
  readonly purpose: 'serve' | 'rehearse'
}

/**
 * `missing`: its folder is not there. `failed`: it did not get ready, or ended; it is tried again while it is wanted.
 * `draining`: out of the upstreams, finishing what it has.
 */
export type InstanceState = 'missing' | 'starting' | 'ready' | 'failed' | 'draining' | 'stopped'

export type InstanceReport = Instance & {
  readonly state: InstanceState
  readonly pid?: number
  readonly origin?: string
  /** The last look at its health, then those at its smoke paths when it started. */
  readonly checks: readonly Check[]
  /** How often it was started again, for whatever reason, since it was first wanted. */
  readonly restarts: number
  /** Why it is not ready, and the last words of its output. */
  readonly error?: string
  /** When it came into this state, ms since 1970. */
  readonly sinceMs: number
  /** From its start until it was ready. */
  readonly startedInMs?: number
}

/** Moments between the steps, at which tests stop a keeper to kill it. */
export type Moment =
  | 'locked'
  | 'adopted'
  | 'begun start'
  | 'spawned'
  | 'recorded start'
  | 'healthy'
  | 'recorded ready'
  | 'told ready'
  | 'withdrawn'
  | 'drained'
  | 'begun stop'
  | 'ended'
  | 'recorded stop'
  | 'found dead'
  | 'file written'
  | 'file renamed'
  | 'unlocking'

/** What the life of an instance needs of its keeper. */
export type LifeContext = {
  /** Its root is a real path. */
  readonly layout: Layout
  readonly environment: Readonly<Record<string, string>>
  readonly file: HostFile
  readonly processes: ProcessTable
  readonly clock: Clock
  readonly log: Logger
  /** Given out and perhaps not listened on yet. */
  readonly ports: Set<number>
  inFlight(release: ReleaseId): Promise<number | undefined>
  /** Tells the gateway what is ready now. */
  publish(): Promise<boolean>
  changed(): void
  moment(name: Moment): Promise<void>
}

export const keyOf = (instance: Instance): string => `${instance.purpose} ${instance.release}`
