import { digestOfGroup } from './digest.ts'
import type { ProofOnFile, StoredProof } from './proofs.ts'
import type { Run } from './run.ts'
import type { GroupView } from './view.ts'
import type { Signature } from './write-row.ts'

/** Who applies a group, and the proof that holds for exactly its text. */
export const signatureOf = (run: Run, view: GroupView, proofs: readonly StoredProof[]): Signature => ({
  tool: run.set?.tool ?? 'sankofa',
  actor: run.options.actor,
  release: run.options.release,
  proof: proofs.length === 0 ? undefined : proofOf(view, proofs),
})

function proofOf({ entries }: GroupView, proofs: readonly StoredProof[]): ProofOnFile | undefined {
  const digest = digestOfGroup(entries.flatMap(({ migration }) => migration ?? []))
  return proofs.find((stored) => stored.digest === digest)?.proof
}
