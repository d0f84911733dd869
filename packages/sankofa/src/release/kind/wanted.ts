import type pg from 'pg'
import type { ReleaseId } from '../../core/index.ts'

export type Purpose = 'serve' | 'rehearse'

export type Wanted = { readonly service: string; readonly release: ReleaseId; readonly purpose: Purpose }

/**
 * Asks hosts of the service to run a release without requests, for so long: every host, or `onHosts` alone. Asking again
 * lengthens the time; what every host was asked for is not taken from any by naming some.
 */
export async function want(
  client: Pick<pg.Pool, 'query'>,
  wanted: Wanted & { readonly by: string; readonly forMs: number; readonly onHosts?: readonly string[] },
): Promise<void> {
  const { service, release, purpose, by, forMs, onHosts } = wanted
  await client.query(
    `insert into sankofa.release_wanted as wanted (service, release_id, purpose, wanted_by, expires_at, only_hosts)
     values ($1, $2, $3, $4, clock_timestamp() + $5::double precision * interval '1 millisecond', $6::text[])
     on conflict (service, release_id, purpose) do update
        set wanted_by = excluded.wanted_by, expires_at = greatest(wanted.expires_at, excluded.expires_at),
            only_hosts = case when wanted.only_hosts is null and wanted.expires_at > clock_timestamp() then null
                              else excluded.only_hosts end`,
    [service, release, purpose, by, forMs, onHosts ?? null],
  )
}

export async function unwant(client: Pick<pg.Pool, 'query'>, wanted: Wanted): Promise<void> {
  await client.query(
    `delete from sankofa.release_wanted as wanted
      where wanted.service = $1 and wanted.release_id = $2 and wanted.purpose = $3`,
    [wanted.service, wanted.release, wanted.purpose],
  )
}

/**
 * What must run on `host` now: what everybody gets, what goes out, and what somebody asked for meanwhile. Without a host, what
 * must run on any.
 */
export async function readWanted(
  client: Pick<pg.Pool, 'query'>,
  service: string,
  host?: string,
): Promise<readonly Wanted[]> {
  const { rows } = await client.query<{ release: string; purpose: Purpose }>(
    `select split.current_release as release, 'serve' as purpose
       from sankofa.release_split as split where split.service = $1
      union
     select split.next_release, 'serve'
       from sankofa.release_split as split where split.service = $1 and split.next_release is not null
      union
     select wanted.release_id, wanted.purpose
       from sankofa.release_wanted as wanted where wanted.service = $1 and wanted.expires_at > clock_timestamp()
        and ($2::text is null or wanted.only_hosts is null or $2 = any (wanted.only_hosts))`,
    [service, host ?? null],
  )
  return rows.map(({ release, purpose }) => ({ service, release: release as ReleaseId, purpose }))
}
