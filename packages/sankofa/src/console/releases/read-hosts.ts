import type pg from 'pg'
import { hostAwayMs } from '../../release/index.ts'
import type { HostGateway, HostProcess, ReleaseHost } from './contract.ts'

/** A host that said nothing for a day was taken away. */
const listedS = 86_400

type Row = {
  readonly service: string
  readonly host: string
  readonly age_ms: number
  readonly gateway: unknown
  readonly processes: readonly Written[]
}
type Written = Omit<HostProcess, 'checks' | 'since'> & { readonly checks: unknown; readonly sinceMs: number }

/** All hosts by service, those that fell silent included; ages by the database's clock, as they were written. */
export async function readReleaseHosts(
  pool: Pick<pg.Pool, 'query'>,
): Promise<ReadonlyMap<string, readonly ReleaseHost[]>> {
  const { rows } = await pool.query<Row>(
    `select here.service, here.host, here.gateway,
            extract(epoch from clock_timestamp() - here.reported_at)::float8 * 1000 as age_ms,
            coalesce((select jsonb_agg(jsonb_build_object(
                        'release', process.release_id, 'purpose', process.purpose, 'state', process.state,
                        'inFlight', process.in_flight, 'checks', process.checks, 'restarts', process.restarts,
                        'error', right(process.error, 2000), 'startedInMs', process.started_in_ms,
                        'sinceMs', extract(epoch from process.since) * 1000)
                      order by process.state = 'stopped', process.purpose desc, process.since desc, process.release_id)
                        from sankofa.release_process as process
                       where process.service = here.service and process.host = here.host), '[]'::jsonb) as processes
       from sankofa.release_host as here
      where here.reported_at > clock_timestamp() - $1::double precision * interval '1 second'
      order by here.service, here.host`,
    [listedS],
  )
  const hosts = new Map<string, ReleaseHost[]>()
  for (const { service, host, age_ms, gateway, processes } of rows) {
    const read: ReleaseHost = {
      host,
      ageMs: Math.max(0, Math.round(age_ms)),
      silent: age_ms > hostAwayMs,
      gateway: readGateway(gateway),
      processes: processes.map(({ checks, sinceMs, ...process }) => ({
        ...process,
        checks: readChecks(checks),
        since: new Date(sinceMs).toISOString(),
      })),
    }
    hosts.set(service, [...(hosts.get(service) ?? []), read])
  }
  return hosts
}

type Told = {
  readonly state?: unknown
  readonly restarts?: unknown
  readonly error?: unknown
  readonly traffic?: { readonly connections?: unknown; readonly inFlight?: unknown } | null
}

function readGateway(gateway: unknown): HostGateway | null {
  const { state, restarts, error, traffic } = (gateway ?? {}) as Told
  if (typeof state !== 'string') return null
  return {
    state,
    restarts: figure(restarts) ?? 0,
    error: typeof error === 'string' ? error : null,
    connections: figure(traffic?.connections),
    inFlight: figure(traffic?.inFlight),
  }
}

const figure = (value: unknown): number | null => (typeof value === 'number' ? value : null)

function readChecks(checks: unknown): HostProcess['checks'] {
  if (!Array.isArray(checks)) return []
  return checks.flatMap((one: { readonly path?: unknown; readonly status?: unknown; readonly ms?: unknown } | null) =>
    typeof one?.path === 'string' && typeof one.ms === 'number'
      ? [{ path: one.path, status: typeof one.status === 'number' ? one.status : null, ms: one.ms }]
      : [],
  )
}
