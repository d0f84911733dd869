import type { Proof } from '../../journal/index.ts'
import type { Difference } from '../catalogue/compare-catalogues.ts'
import type { MigrationProof } from '../prove/proof.ts'
import { summaryOf, untriedOnTouched, untriedWords } from '../prove/words.ts'
import type { ProvedLive } from './prove-live.ts'

const validMs = 7 * 24 * 60 * 60 * 1000

/** What the journal keeps of a proof: the whole of it is in `sankofa.migration_proof`. */
export function toJournalProof({ proof, base, drift }: ProvedLive, nowMs: number): Proof {
  const { digest, loss, undoSeen, brokenStatements } = proof
  const { prediction } = undoSeen
  const blocking = prediction === undefined ? 0 : Math.max(prediction.blocksReadsMs, prediction.blocksWritesMs)
  const ok = proof.ok && brokenStatements.length === 0 && drift === undefined
  return {
    ok,
    digest,
    base,
    expiresAt: new Date(nowMs + validMs).toISOString(),
    loss,
    undoMs: Math.round(Math.max(undoSeen.tookMs, blocking)),
    locks: undoSeen.locks.map(({ table, mode }) => `${table}: ${mode}`),
    steps: stepsOf(proof),
    ...(ok ? {} : { reason: drift === undefined ? reasonOf(proof) : driftReason(drift) }),
  }
}

const driftWords = {
  missing: 'is missing there',
  'left over': 'is there and they do not make it',
  changed: 'is another',
}

const driftReason = ({ kind, name, what }: Difference): string =>
  `The live schema is not what the migrations before it make: the ${kind} ${name} ${driftWords[what]}. Bring the two together, then prove it again.`

function reasonOf(proof: MigrationProof): string {
  const { text, next } = summaryOf(proof)
  return `${text[0]?.toUpperCase()}${text.slice(1)}.${next === undefined ? '' : ` Next: ${next}.`}`
}

function stepsOf(proof: MigrationProof): readonly string[] {
  const { rows, grade, undo, loss, workingStatements, up, undoSeen } = proof
  const predicted = undoSeen.prediction
  const untried = untriedOnTouched(proof)
  return [
    `Up, undo and up again ran on a throw-away clone in which ${rows.filled} of ${rows.tables} tables had rows.`,
    undo === 'none'
      ? 'There is no undo that was tried.'
      : `The ${undo} undo brings the schema back ${grade === 'exact' ? 'exactly' : `(${grade})`}.`,
    loss === 'kept'
      ? 'Every row of before came back by the undo alone, also after new rows were written.'
      : loss === 'stashed'
        ? `What dies is kept aside, and came back with the undo: up ${proof.destroys.join(', ')}.`
        : 'Rows of before are lost.',
    ...(workingStatements > 0
      ? [`${workingStatements} statements of the running release work on the new schema.`]
      : []),
    ...(untried.length > 0 ? [`Not known: ${untriedWords(untried)}.`] : []),
    `Up rewrites ${list(up.rewritten)} and locks ${list(up.locks.map(({ table, mode }) => `${table} (${mode})`))}.`,
    ...(predicted === undefined
      ? []
      : [
          `Predicted for the undo on the live tables: it blocks writes for ${Math.round(predicted.blocksWritesMs)} ms, reads for ${Math.round(predicted.blocksReadsMs)} ms.`,
        ]),
  ]
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '))
