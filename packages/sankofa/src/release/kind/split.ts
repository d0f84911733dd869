import type pg from 'pg'
import { type ChangeId, type ReleaseId, SankofaError } from '../../core/index.ts'

/** What runs of a service, and what goes out: the row of `sankofa.release_split`. */
export type Split = {
  readonly current: ReleaseId
  readonly next: ReleaseId | undefined
  readonly change: ChangeId | undefined
  readonly share: number
}

export type ReleaseExposure = {
  readonly goId: bigint
  readonly salt: string
  readonly stage: number
  readonly share: number
  readonly shareBefore: number
}

type Named = { readonly service: string; readonly release: ReleaseId; readonly before: ReleaseId }

export async function readSplit(
  client: Pick<pg.Pool, 'query'>,
  service: string,
  lock = '',
): Promise<Split | undefined> {
  const { rows } = await client.query<{
    current_release: string
    next_release: string | null
    change_id: string | null
    share: number
  }>(
    `select split.current_release, split.next_release, split.change_id, split.share
       from sankofa.release_split as split
      where split.service = $1 ${lock}`,
    [service],
  )
  const [row] = rows
  return row === undefined
    ? undefined
    : {
        current: row.current_release as ReleaseId,
        next: (row.next_release ?? undefined) as ReleaseId | undefined,
        change: (row.change_id ?? undefined) as ChangeId | undefined,
        share: row.share,
      }
}

/**
 * The row stays locked until the transaction ends.
 *
 * @throws SankofaError `RELEASE_NOT_PLACED`, `RELEASE_TAKEN` while another change is out, `RELEASE_BASE_MOVED` when something
 * else runs by now
 */
export async function refuseConflict(client: pg.ClientBase, plan: Named, change: ChangeId): Promise<void> {
  const split = await readSplit(client as Pick<pg.Pool, 'query'>, plan.service, 'for update')
  const refusal = split === undefined ? notPlaced(plan.service) : conflict(split, plan, change)
  if (refusal !== undefined) throw refusal
}

export const notPlaced = (service: string): SankofaError => new SankofaError('RELEASE_NOT_PLACED', { service })

/** @param change - the one that wants to go out; what it has out itself is no conflict */
export function conflict(split: Split, plan: Named, change: ChangeId | undefined): SankofaError | undefined {
  const { service, release, before } = plan
  if (split.next !== undefined && split.change !== change)
    return new SankofaError('RELEASE_TAKEN', { service, by: String(split.change) })
  if (split.current === before) return undefined
  return new SankofaError('RELEASE_BASE_MOVED', { service, release, before, current: split.current })
}

/** The same values again change nothing. */
export async function writeExposure(
  client: pg.ClientBase,
  plan: Named,
  change: ChangeId,
  exposure: ReleaseExposure,
  epoch: bigint,
): Promise<void> {
  const { goId, salt, stage, share, shareBefore } = exposure
  await client.query(
    `update sankofa.release_split as split
        set next_release = $2, change_id = $3, go_id = $4, salt = $5, stage = $6, share = $7, share_before = $8, epoch = $9,
            version = split.version + 1, updated_at = clock_timestamp()
      where split.service = $1
        and (split.next_release, split.change_id, split.go_id, split.salt, split.stage, split.share, split.share_before)
            is distinct from ($2, $3, $4::bigint, $5, $6::int, $7::float8, $8::float8)`,
    [plan.service, plan.release, change, goId, salt, stage, share, shareBefore, epoch],
  )
}

/** Everybody gets the current release again. @returns false when the change has nothing to take back */
export async function writeBack(
  client: pg.ClientBase,
  service: string,
  change: ChangeId,
  epoch: bigint,
): Promise<boolean> {
  const written = await client.query(
    `update sankofa.release_split as split
        set next_release = null, go_id = null, share = 0, share_before = 0, epoch = $3,
            version = split.version + 1, updated_at = clock_timestamp()
      where split.service = $1 and split.change_id = $2 and split.next_release is not null`,
    [service, change, epoch],
  )
  return written.rowCount === 1
}

/** It is what everybody gets from now on. */
export async function writeSettled(client: pg.ClientBase, plan: Named, change: ChangeId, epoch: bigint): Promise<void> {
  await client.query(
    `update sankofa.release_split as split
        set current_release = $2, next_release = null, go_id = null, share = 1, share_before = 1, epoch = $4,
            version = split.version + 1, updated_at = clock_timestamp()
      where split.service = $1 and split.change_id = $3 and split.next_release = $2`,
    [plan.service, plan.release, change, epoch],
  )
}

/**
 * Makes `release` what everybody gets, where nothing is out: the first of a service, or what a developer runs from the
 * folder. Nothing is judged, because there is nothing to compare it with.
 *
 * @returns what everybody gets now; another one than asked for while a change is out
 */
export async function placeCurrent(
  client: Pick<pg.Pool, 'query'>,
  service: string,
  release: ReleaseId,
): Promise<ReleaseId> {
  await client.query(
    `insert into sankofa.release_split as split (service, current_release) values ($1, $2)
     on conflict (service) do update
        set current_release = excluded.current_release, change_id = null, share = 0, share_before = 0,
            version = split.version + 1, updated_at = clock_timestamp()
      where split.next_release is null and split.current_release <> excluded.current_release`,
    [service, release],
  )
  return (await readSplit(client, service))?.current ?? release
}
