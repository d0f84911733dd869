import type pg from 'pg'
import type { ReleaseId } from '../../core/index.ts'

export type Purpose = 'serve' | 'rehearse'

export type Wanted = { readonly service: string; readonly release: ReleaseId; readonly purpose: Purpose }

/** Asks every host of the service to run a release without requests, for so long. Asking again lengthens the time. */
export async function want(
  client: Pick<pg.Pool, 'query'>,
  wanted: Wanted & { readonly by: string; readonly forMs: number },
): Promise<void> {
  const { service, release, purpose, by, forMs } = wanted
  await client.query(
    `insert into sankofa.release_wanted as wanted (service, release_id, purpose, wanted_by, expires_at)
     values ($1, $2, $3, $4, clock_timestamp() + $5::double precision * interval '1 millisecond')
     on conflict (service, release_id, purpose) do update
        set wanted_by = excluded.wanted_by, expires_at = greatest(wanted.expires_at, excluded.expires_at)`,
    [service, release, purpose, by, forMs],
  )
}

export async function unwant(client: Pick<pg.Pool, 'query'>, wanted: Wanted): Promise<void> {
  await client.query(
    `delete from sankofa.release_wanted as wanted
      where wanted.service = $1 and wanted.release_id = $2 and wanted.purpose = $3`,
    [wanted.service, wanted.release, wanted.purpose],
  )
}

/** What must run on a host now: what everybody gets, what goes out, and what somebody asked for meanwhile. */
export async function readWanted(client: Pick<pg.Pool, 'query'>, service: string): Promise<readonly Wanted[]> {
  const { rows } = await client.query<{ release: string; purpose: Purpose }>(
    `select split.current_release as release, 'serve' as purpose
       from sankofa.release_split as split where split.service = $1
      union
     select split.next_release, 'serve'
       from sankofa.release_split as split where split.service = $1 and split.next_release is not null
      union
     select wanted.release_id, wanted.purpose
       from sankofa.release_wanted as wanted where wanted.service = $1 and wanted.expires_at > clock_timestamp()`,
    [service],
  )
  return rows.map(({ release, purpose }) => ({ service, release: release as ReleaseId, purpose }))
}
