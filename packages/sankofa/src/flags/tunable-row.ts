import type pg from 'pg'
import { type ChangeId, SankofaError } from '../core/index.ts'

export type TunableRow = {
  readonly value: unknown
  /** Wrapped, because `null` is a value too. Absent when there is nothing to take back. */
  readonly before: { readonly value: unknown } | undefined
  readonly change: string | undefined
}

/** The row as it is, locked until the transaction ends when `lock` says so. */
export async function readTunable(
  client: pg.ClientBase | pg.Pool,
  tunable: string,
  lock: 'for update' | 'no lock',
): Promise<TunableRow | undefined> {
  const found = await client.query<{
    row: { value: unknown; before: { value: unknown } | null }
    change_id: string | null
  }>(
    `select jsonb_build_object(
              'value', tunable.value,
              'before', case when tunable.value_before is not null
                             then jsonb_build_object('value', tunable.value_before) end) as row,
            tunable.change_id
       from sankofa.tunable as tunable
      where tunable.tunable = $1
      ${lock === 'for update' ? 'for update' : ''}`,
    [tunable],
  )
  const row = found.rows[0]
  if (row === undefined) return undefined
  return { value: row.row.value, before: row.row.before ?? undefined, change: row.change_id ?? undefined }
}

/** Throws when another change of this tunable can still be taken back, or when this one is settled. */
export function refuseConflict(tunable: string, change: ChangeId, row: TunableRow | undefined): void {
  if (row?.change === undefined) return
  if (row.before !== undefined && row.change !== change) {
    throw new SankofaError('TUNABLE_TAKEN', { tunable, change, by: row.change })
  }
  if (row.before === undefined && row.change === change) {
    throw new SankofaError('TUNABLE_SETTLED', { tunable, by: row.change })
  }
}

export async function writeTunable(
  client: pg.ClientBase,
  tunable: string,
  change: ChangeId,
  values: { readonly value: unknown; readonly before: unknown },
  epoch: bigint,
): Promise<void> {
  await client.query(
    `insert into sankofa.tunable as tunable (tunable, value, value_before, change_id, epoch)
     values ($1, $2::jsonb, $3::jsonb, $4, $5)
     on conflict (tunable) do update
        set value = excluded.value, value_before = excluded.value_before, change_id = excluded.change_id,
            epoch = excluded.epoch, version = tunable.version + 1, updated_at = clock_timestamp()`,
    [tunable, JSON.stringify(values.value), JSON.stringify(values.before), change, epoch],
  )
}

/** The value before, again. @returns false when the change has nothing to take back */
export async function writeTunableBack(
  client: pg.ClientBase,
  tunable: string,
  change: ChangeId,
  epoch: bigint,
): Promise<boolean> {
  const written = await client.query(
    `update sankofa.tunable
        set value = tunable.value_before, value_before = null, change_id = null,
            epoch = $3, version = tunable.version + 1, updated_at = clock_timestamp()
      where tunable.tunable = $1 and tunable.change_id = $2 and tunable.value_before is not null`,
    [tunable, change, epoch],
  )
  return written.rowCount === 1
}

/** The value stays, and the one before is forgotten. */
export async function writeTunableSettled(
  client: pg.ClientBase,
  tunable: string,
  change: ChangeId,
  epoch: bigint,
): Promise<void> {
  await client.query(
    `update sankofa.tunable
        set value_before = null, epoch = $3, version = tunable.version + 1, updated_at = clock_timestamp()
      where tunable.tunable = $1 and tunable.change_id = $2 and tunable.value_before is not null`,
    [tunable, change, epoch],
  )
}
