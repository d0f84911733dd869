import type pg from 'pg'
import { type Clock, currentRelease, type ReleaseId, SankofaError, systemClock } from '../core/index.ts'
import { withFence } from '../db/index.ts'
import { type ChangeKind, type Journal, journalledStep, type ProofDigest } from '../journal/index.ts'
import { baseOf } from './flag-plan.ts'
import { digestOfValues, proveTunable } from './prove-tunable.ts'
import { unknownProof } from './to-proof.ts'
import type { Tunable } from './tunable.ts'
import { readTunable, refuseConflict, writeTunable, writeTunableBack, writeTunableSettled } from './tunable-row.ts'

export type TunablePlan = { readonly tunable: string; readonly value: unknown }

/** Changes of kind `tunable`: the value that a plan names, for everyone at once. */
export function tunableKind(options: {
  readonly pool: pg.Pool
  readonly journal: Pick<Journal, 'read'>
  readonly tunables: readonly Tunable[]
  /** What the proof is made on; what runs in this folder unless told. */
  readonly release?: ReleaseId
  readonly clock?: Clock
}): ChangeKind<TunablePlan> & ProofDigest<TunablePlan> {
  const { pool, journal, tunables } = options
  const clock = options.clock ?? systemClock
  const release = options.release ?? currentRelease(process.cwd())
  const unknown = (id: string): SankofaError =>
    new SankofaError('TUNABLE_UNKNOWN', { tunable: id, known: tunables.map((known) => known.id) })
  const declared = (id: string): Tunable => {
    const tunable = tunables.find((candidate) => candidate.id === id)
    if (tunable === undefined) throw unknown(id)
    return tunable
  }
  const valueNow = async (tunable: Tunable): Promise<unknown> => {
    const row = await readTunable(pool, tunable.id, 'no lock')
    return row === undefined ? tunable.initial : row.value
  }

  return {
    kind: 'tunable',
    control: 'none',
    dependsOn: () => [],
    async currentDigest(plan) {
      const tunable = declared(plan.tunable)
      return { digest: digestOfValues(tunable, await valueNow(tunable), plan.value), base: baseOf(release) }
    },
    async prove(plan) {
      const tunable = tunables.find((candidate) => candidate.id === plan.tunable)
      if (tunable === undefined) return unknownProof(unknown(plan.tunable), release, clock)
      return proveTunable(tunable, { before: await valueNow(tunable), after: plan.value }, { release, clock })
    },
    async actual(id) {
      const found = await pool.query('select 1 from sankofa.tunable as tunable where tunable.change_id = $1 limit 1', [
        id,
      ])
      return found.rowCount === 1 ? 1 : 0
    },
    async expose(id, plan, share, epoch) {
      const tunable = declared(plan.tunable)
      await journalledStep(journal, id, share)
      await withFence(pool, epoch, async (client) => {
        const row = await readTunable(client, tunable.id, 'for update')
        refuseConflict(tunable.id, id, row)
        if (share === 0) return void (await writeTunableBack(client, tunable.id, id, epoch))
        // Done before: writing again would take the new value for the one to go back to.
        if (row?.change === id) return
        const before = row === undefined ? tunable.initial : row.value
        await writeTunable(client, tunable.id, id, { value: plan.value, before }, epoch)
      })
    },
    // Neither looks at the declarations: a release that no longer has the tunable must still be able to take it back.
    async undo(id, plan, epoch) {
      const startedAtMs = clock.now()
      const wrote = await withFence(pool, epoch, async (client) => {
        const row = await readTunable(client, plan.tunable, 'for update')
        if (row?.change === id) refuseConflict(plan.tunable, id, row)
        return writeTunableBack(client, plan.tunable, id, epoch)
      })
      const summary = wrote
        ? `Tunable "${plan.tunable}" has its value of before again; every process obeys within 2 s.`
        : `Tunable "${plan.tunable}" already had its value of before.`
      return { tookMs: clock.now() - startedAtMs, summary }
    },
    async settle(id, plan, epoch) {
      await withFence(pool, epoch, (client) => writeTunableSettled(client, plan.tunable, id, epoch))
    },
  }
}
