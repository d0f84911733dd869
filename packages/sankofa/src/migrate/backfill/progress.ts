import type { BackfillProgress } from '../apply/group-status.ts'
import type { StepClient } from '../migration.ts'

/** By name. Empty where Sankofa's own schema is not there yet. */
export async function readBackfills(client: StepClient): Promise<ReadonlyMap<string, BackfillProgress>> {
  const there = await client.query<{ there: boolean }>(
    `select pg_catalog.to_regclass('sankofa.backfill') is not null as there`,
  )
  if (there.rows[0]?.there !== true) return new Map()
  const { rows } = await client.query<{
    name: string
    rows: bigint | string
    estimated: bigint | string | null
    state: BackfillProgress['state']
    because: string | null
  }>(
    `select backfill.name, backfill.rows, backfill.estimated_rows as estimated, backfill.state,
            backfill.paused_because as because
       from sankofa.backfill as backfill`,
  )
  return new Map(
    rows.map((row) => [
      row.name,
      {
        name: row.name,
        rows: BigInt(row.rows),
        state: row.state,
        ...(row.estimated === null ? {} : { estimatedRows: BigInt(row.estimated) }),
        ...(row.because === null ? {} : { pausedBecause: row.because }),
      },
    ]),
  )
}
