import { readProofs } from '../apply/proofs.ts'
import type { StepClient } from '../migration.ts'
import type { MigrationProof } from '../prove/proof.ts'

/** The newest proof that is kept of a group; a person's reason to go without one is none. */
export async function newestProof(client: StepClient, group: string): Promise<MigrationProof | undefined> {
  const stored = await readProofs(client, [group])
  return stored.map(({ proof }) => proof).find(isWhole)
}

const isWhole = (proof: unknown): proof is MigrationProof =>
  typeof proof === 'object' && proof !== null && 'endangeredTables' in proof
