import type { StepClient } from '../migration.ts'

/** A proof as it is kept: what `status` shows, and whatever else the prover found. */
export type ProofOnFile = {
  readonly grade: string
  readonly loss: string
  /** By migration id: the statements that a module's undo sent on the shadow, parameters written out. */
  readonly captured?: Readonly<Record<string, readonly string[]>>
  /** By migration id, where no undo was written: the SQL that was derived and proved. */
  readonly derivedUndo?: Readonly<Record<string, string>>
  readonly [more: string]: unknown
}

export type StoredProof = {
  readonly digest: string
  readonly base: string
  readonly group: string
  readonly postgres: string
  readonly proof: ProofOnFile
  readonly at: Date
}

/** Keeps a proof, in place of an earlier one of the same SQL on the same schema. */
export async function saveProof(client: StepClient, stored: Omit<StoredProof, 'at'>): Promise<void> {
  await client.query(
    `insert into sankofa.migration_proof as stored (digest, base, group_id, postgres, proof)
     values ($1, $2, $3, $4, $5::jsonb)
     on conflict (digest, base) do update
        set group_id = excluded.group_id, postgres = excluded.postgres, proof = excluded.proof, at = excluded.at`,
    [stored.digest, stored.base, stored.group, stored.postgres, JSON.stringify(stored.proof)],
  )
}

/** Proofs of these groups, or of all, the newest first. Empty where Sankofa's own schema is not there yet. */
export async function readProofs(client: StepClient, groups?: readonly string[]): Promise<readonly StoredProof[]> {
  const there = await client.query<{ there: boolean }>(
    `select pg_catalog.to_regclass('sankofa.migration_proof') is not null as there`,
  )
  if (there.rows[0]?.there !== true) return []
  const { rows } = await client.query<StoredProof>(
    `select stored.digest, stored.base, stored.group_id as "group", stored.postgres, stored.proof, stored.at
       from sankofa.migration_proof as stored
      where $1::text[] is null or stored.group_id = any ($1::text[])
      order by stored.at desc`,
    [groups ?? null],
  )
  return rows
}
