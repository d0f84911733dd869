import type pg from 'pg'
import type { ReleaseId } from '../../core/index.ts'
import { inTransaction } from '../../db/index.ts'
import type { Purpose } from './wanted.ts'

/** One process of a release, as its host told. */
export type ProcessOnHost = {
  readonly release: ReleaseId
  readonly purpose: Purpose
  readonly state: string
  readonly pid: number | undefined
  readonly origin: string | undefined
  readonly checks: readonly { readonly path: string; readonly status?: number | undefined; readonly ms: number }[]
  readonly restarts: number
  /** The last words of one that does not come up. */
  readonly error: string | undefined
  readonly inFlight: number | undefined
  readonly startedInMs: number | undefined
  readonly sinceMs: number
}

export type HostStatus = {
  readonly host: string
  readonly reportedMs: number
  readonly gateway: unknown
  readonly processes: readonly ProcessOnHost[]
}

/** A host that said nothing for so long is away: a rollout does not wait for it. */
export const hostAwayMs = 15_000

/** What one host says of itself: all of it, each time. */
export async function reportHost(
  pool: pg.Pool,
  report: {
    readonly service: string
    readonly host: string
    readonly gateway: unknown
    readonly processes: readonly ProcessOnHost[]
  },
): Promise<void> {
  const { service, host, gateway, processes } = report
  await inTransaction(pool, async (client) => {
    await client.query(
      `insert into sankofa.release_host as here (service, host, gateway) values ($1, $2, $3::jsonb)
       on conflict (service, host) do update set gateway = excluded.gateway, reported_at = clock_timestamp()`,
      [service, host, JSON.stringify(gateway)],
    )
    await client.query(
      'delete from sankofa.release_process as process where process.service = $1 and process.host = $2',
      [service, host],
    )
    await client.query(
      `insert into sankofa.release_process
              (service, host, release_id, purpose, state, pid, origin, checks, restarts, error, in_flight, started_in_ms, since)
       select $1, $2, told.release, told.purpose, told.state, told.pid, told.origin, told.checks, told.restarts, told.error,
              told."inFlight", told."startedInMs", to_timestamp(told."sinceMs" / 1000)
         from jsonb_to_recordset($3::jsonb) as told (release text, purpose text, state text, pid int, origin text, checks jsonb,
                restarts int, error text, "inFlight" int, "startedInMs" int, "sinceMs" float8)`,
      [service, host, JSON.stringify(processes)],
    )
  })
}

/** The hosts that reported of late. */
export async function readHosts(client: Pick<pg.Pool, 'query'>, service: string): Promise<readonly HostStatus[]> {
  const { rows } = await client.query<{ host: string; reported_ms: number; gateway: unknown; processes: Written[] }>(
    `select here.host, extract(epoch from here.reported_at)::float8 * 1000 as reported_ms, here.gateway,
            coalesce((select jsonb_agg(jsonb_build_object(
                        'release', process.release_id, 'purpose', process.purpose, 'state', process.state, 'pid', process.pid,
                        'origin', process.origin, 'checks', process.checks, 'restarts', process.restarts,
                        'error', process.error, 'inFlight', process.in_flight, 'startedInMs', process.started_in_ms,
                        'sinceMs', extract(epoch from process.since) * 1000) order by process.release_id, process.purpose)
                        from sankofa.release_process as process
                       where process.service = here.service and process.host = here.host), '[]'::jsonb) as processes
       from sankofa.release_host as here
      where here.service = $1 and here.reported_at > clock_timestamp() - $2::double precision * interval '1 millisecond'
      order by here.host`,
    [service, hostAwayMs],
  )
  return rows.map(({ host, reported_ms, gateway, processes }) => ({
    host,
    reportedMs: reported_ms,
    gateway,
    processes: processes.map((process) => ({
      ...process,
      release: process.release as ReleaseId,
      pid: process.pid ?? undefined,
      origin: process.origin ?? undefined,
      error: process.error ?? undefined,
      inFlight: process.inFlight ?? undefined,
      startedInMs: process.startedInMs ?? undefined,
    })),
  }))
}

type Nullable = 'pid' | 'origin' | 'error' | 'inFlight' | 'startedInMs'
type Written = Omit<ProcessOnHost, Nullable> & { readonly [K in Nullable]: NonNullable<ProcessOnHost[K]> | null }

/** What one process of a release is on every host that lives. */
export type Readiness =
  | { readonly state: 'ready'; readonly hosts: readonly string[]; readonly processes: readonly ProcessOnHost[] }
  | { readonly state: 'waits'; readonly host: string; readonly why: string }
  | { readonly state: 'failed'; readonly host: string; readonly why: string }

export function readinessOf(hosts: readonly HostStatus[], release: ReleaseId, purpose: Purpose): Readiness {
  const processes: ProcessOnHost[] = []
  for (const { host, processes: there } of hosts) {
    const found = there.find((one) => one.release === release && one.purpose === purpose)
    if (found === undefined) return { state: 'waits', host, why: 'it has not been started there yet.' }
    if (found.state === 'failed' || found.state === 'missing')
      return { state: 'failed', host, why: found.error ?? `it is ${found.state} there.` }
    if (found.state !== 'ready') return { state: 'waits', host, why: `it is ${found.state} there.` }
    processes.push(found)
  }
  return { state: 'ready', hosts: hosts.map(({ host }) => host), processes }
}
