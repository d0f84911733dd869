import type pg from 'pg'
import { type ChangeId, SankofaError } from '../core/index.ts'

export type FlagExposure = {
  readonly goId: bigint
  readonly salt: string
  readonly stage: number
  readonly share: number
  readonly shareBefore: number
}

type Owner = { readonly change_id: string | null; readonly is_out: boolean; readonly settled: boolean }

/**
 * @throws SankofaError `FLAG_SETTLED` when its old path may be gone, `FLAG_TAKEN` while another change is out on it;
 * else the row stays locked until the transaction ends
 */
export async function refuseConflict(client: pg.ClientBase, flag: string, change: ChangeId): Promise<void> {
  const row = await ownerOf(client, flag)
  if (row === undefined || row.change_id === null) return
  if (row.settled) throw new SankofaError('FLAG_SETTLED', { flag, by: row.change_id })
  if (row.change_id !== change && row.is_out) throw new SankofaError('FLAG_TAKEN', { flag, change, by: row.change_id })
}

/** @throws SankofaError `FLAG_SETTLED` when this change itself gave its undo up */
export async function refuseSettled(client: pg.ClientBase, flag: string, change: ChangeId): Promise<void> {
  const row = await ownerOf(client, flag)
  if (row?.settled === true && row.change_id === change) throw new SankofaError('FLAG_SETTLED', { flag, by: change })
}

async function ownerOf(client: pg.ClientBase, flag: string): Promise<Owner | undefined> {
  const found = await client.query<Owner>(
    `select flag.change_id, flag.settled, flag.share > 0 or flag.go_id is not null as is_out
       from sankofa.flag as flag
      where flag.flag = $1
        for update`,
    [flag],
  )
  return found.rows[0]
}

/** One row is one truth: share, salt, stage and go change together. The same values again change nothing. */
export async function writeExposure(
  client: pg.ClientBase,
  flag: string,
  change: ChangeId,
  exposure: FlagExposure,
  epoch: bigint,
): Promise<void> {
  const { goId, salt, stage, share, shareBefore } = exposure
  await client.query(
    `insert into sankofa.flag as flag (flag, change_id, go_id, salt, stage, share, share_before, epoch)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (flag) do update
        set change_id = excluded.change_id, go_id = excluded.go_id, salt = excluded.salt, stage = excluded.stage,
            share = excluded.share, share_before = excluded.share_before, epoch = excluded.epoch,
            version = flag.version + 1, updated_at = clock_timestamp()
      where (flag.change_id, flag.go_id, flag.salt, flag.stage, flag.share, flag.share_before)
            is distinct from
            (excluded.change_id, excluded.go_id, excluded.salt, excluded.stage, excluded.share, excluded.share_before)`,
    [flag, change, goId, salt, stage, share, shareBefore, epoch],
  )
}

/** Off for everyone, and nothing is measured. @returns false when the change has nothing to take back */
export async function writeBack(
  client: pg.ClientBase,
  flag: string,
  change: ChangeId,
  epoch: bigint,
): Promise<boolean> {
  const written = await client.query(
    `update sankofa.flag
        set share = 0, share_before = 0, go_id = null, epoch = $3, version = flag.version + 1, updated_at = clock_timestamp()
      where flag.flag = $1 and flag.change_id = $2 and not flag.settled and (flag.share > 0 or flag.go_id is not null)`,
    [flag, change, epoch],
  )
  return written.rowCount === 1
}

/** On for everyone, for good. */
export async function writeSettled(
  client: pg.ClientBase,
  flag: string,
  change: ChangeId,
  epoch: bigint,
): Promise<void> {
  await client.query(
    `insert into sankofa.flag as flag (flag, change_id, share, share_before, settled, epoch)
     values ($1, $2, 1, 1, true, $3)
     on conflict (flag) do update
        set share = 1, share_before = 1, settled = true, go_id = null, epoch = excluded.epoch,
            version = flag.version + 1, updated_at = clock_timestamp()
      where flag.change_id = excluded.change_id and not flag.settled`,
    [flag, change, epoch],
  )
}
