import type { MigrationProof } from '../prove/proof.ts'
import type { Case } from './case.ts'

/** What a proof says of a case, in the words of `Expected`. */
export type Said = {
  readonly grade: string
  readonly loss: string
  readonly ok: boolean
  readonly fails?: string
  readonly step?: string
  readonly differences?: readonly string[]
}

/** What was expected and what the proof says, in one form; `differences` only where the case names them. */
export function compareProof(expected: Case['expect'], proof: MigrationProof): readonly [wanted: Said, said: Said] {
  const { grade, loss, fails, step, differences } = expected
  const good = grade === 'exact' || grade === 'column-order' || grade === 'cosmetic'
  const wanted = {
    grade,
    loss,
    ok: expected.ok ?? (good && loss !== 'lost' && fails === undefined),
    ...(fails === undefined ? {} : { fails }),
    ...(step === undefined ? {} : { step }),
    ...(differences === undefined ? {} : { differences: differences.toSorted() }),
  }
  const { failure } = proof
  const said = {
    grade: proof.grade,
    loss: proof.loss,
    ok: proof.ok,
    ...(failure === undefined ? {} : { fails: failure.when, step: failure.step }),
    ...(differences === undefined ? {} : { differences: namesOf(proof) }),
  }
  return [wanted, said]
}

/** Each object once, however much of it differs. */
const namesOf = ({ differences }: MigrationProof): readonly string[] =>
  [...new Set(differences.map(({ what, kind, name }) => `${what} ${kind} ${name}`))].sort()

/** Everything else that helps to see why a proof is not what was expected. */
export function explain(proof: MigrationProof): string {
  const { failure, differences, secondUp, losses, destroys, rows, derived } = proof
  return [
    JSON.stringify({ grade: proof.grade, loss: proof.loss, ok: proof.ok, differences: namesOf(proof) }),
    ...(failure === undefined
      ? []
      : [`${failure.step} (${failure.when}): ${failure.reason} – ${failure.statement ?? ''}`]),
    ...differences.map(({ text }) => text),
    ...secondUp.map(({ text }) => `after the second up: ${text}`),
    ...losses,
    ...(destroys.length === 0 ? [] : [`kept of ${destroys.join(', ')}`]),
    ...rows.empty,
    ...(derived === undefined ? [] : [`derived: ${derived.sql}`, ...derived.notes]),
  ].join('\n')
}
