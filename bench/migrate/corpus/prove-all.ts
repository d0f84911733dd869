import { SankofaError } from 'sankofa/core'
import { type MigrationProof, type MigrationSet, proveMigrations } from 'sankofa/migrate'

/** A migration of which nothing could be said, and why. */
export type NotProvable = { readonly group: string; readonly reason: string }

export type Proved = {
  readonly postgres: string
  readonly proofs: readonly MigrationProof[]
  readonly notProvable: readonly NotProvable[]
  /** Groups whose up cannot run at all: those after them are proved on a schema without them. */
  readonly leftOut: readonly NotProvable[]
}

/**
 * Proves everything that can be proved. What ends the prover is noted, and the others go on from the next one: without it
 * where its up cannot even run.
 *
 * @param shadowUrl - a server of our own, so that a new beginning does not start another one
 */
export async function proveAll(
  whole: MigrationSet,
  shadowUrl: string,
  onProof: (proof: MigrationProof, done: number) => void,
): Promise<Proved> {
  const proofs: MigrationProof[] = []
  const notProvable: NotProvable[] = []
  const leftOut: NotProvable[] = []
  const ids = [...new Set(whole.migrations.map(({ group }) => group))]
  let set = whole
  let next = 0
  let postgres = ''
  while (next < ids.length) {
    const from = ids[next]
    if (from === undefined) break
    try {
      const report = await proveMigrations(set, {
        from,
        shadowUrl,
        onProof(proof) {
          proofs.push(proof)
          next = ids.indexOf(proof.group) + 1
          onProof(proof, next)
        },
      })
      postgres = report.postgres
    } catch (error) {
      const broken = unableToRun(error)
      const migration = set.migrations.find(({ id }) => id === broken)
      // Its proof says that up fails, or a database without rows takes it and the base does not: either way it is left out.
      if (migration !== undefined) {
        set = { ...set, migrations: set.migrations.filter(({ group }) => group !== migration.group) }
        const note = { group: migration.group, reason: messageOf(error) }
        leftOut.push(note)
        if (proofs.every(({ group }) => group !== migration.group)) notProvable.push(note)
        next = Math.max(next, ids.indexOf(migration.group) + 1)
        continue
      }
      const group = ids[next]
      if (group === undefined) throw error
      notProvable.push({ group, reason: messageOf(error) })
      next++
    }
  }
  return { postgres, proofs, notProvable, leftOut }
}

const unableToRun = (error: unknown): string | undefined =>
  error instanceof SankofaError && error.code === 'MIGRATION_FAILED'
    ? (error as SankofaError<'MIGRATION_FAILED'>).details.migration
    : undefined

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
