import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import { type Clock, currentRelease, type ReleaseId, SankofaError, systemClock } from '../core/index.ts'
import { withFence, withScratchServer } from '../db/index.ts'
import { type ChangeKind, foldChange, type Journal, type ProofDigest } from '../journal/index.ts'
import { baseOf, hashOf } from './flag-plan.ts'
import { measureTunableUndo } from './measure-undo.ts'
import { proofValidMs, refusedProof } from './refused-proof.ts'
import { problemWith, type Tunable } from './tunable.ts'
import { readTunable, refuseConflict, writeTunable, writeTunableBack, writeTunableSettled } from './tunable-row.ts'

export type TunablePlan = { readonly tunable: string; readonly value: unknown }

/** Changes of kind `tunable`: the value that a plan names, for everyone at once. */
export function tunableKind(options: {
  readonly pool: pg.Pool
  readonly journal: Pick<Journal, 'read'>
  readonly tunables: readonly Tunable[]
  readonly release?: ReleaseId
  readonly clock?: Clock
}): ChangeKind<TunablePlan> & ProofDigest<TunablePlan> {
  const { pool, journal, tunables } = options
  const clock = options.clock ?? systemClock
  const base = baseOf(options.release ?? currentRelease(process.cwd()))
  const find = (id: string): Tunable => {
    const tunable = tunables.find((candidate) => candidate.id === id)
    const known = tunables.map((candidate) => candidate.id)
    if (tunable === undefined) throw new SankofaError('TUNABLE_UNKNOWN', { tunable: id, known })
    return tunable
  }
  const valueNow = async (tunable: Tunable): Promise<unknown> => {
    const row = await readTunable(pool, tunable.id, 'no lock')
    return row === undefined ? tunable.initial : row.value
  }
  // The value that would come back is part of what is proved: another one in between makes the proof stale.
  const digest = (plan: TunablePlan, before: unknown): string => hashOf([plan.tunable, plan.value, before])

  return {
    kind: 'tunable',
    control: 'none',
    dependsOn: () => [],
    async currentDigest(plan) {
      return { digest: digest(plan, await valueNow(find(plan.tunable))), base }
    },
    async prove(plan) {
      const tunable = tunables.find((candidate) => candidate.id === plan.tunable)
      if (tunable === undefined) {
        const known = tunables.map((candidate) => candidate.id)
        const { message } = new SankofaError('TUNABLE_UNKNOWN', { tunable: plan.tunable, known })
        return refusedProof({ digest: '', base, steps: [], reason: message }, clock)
      }
      const before = await valueNow(tunable)
      const found = { digest: digest(plan, before), base }
      const reason = reasonAgainst(tunable, before, plan.value)
      if (reason !== undefined) return refusedProof({ ...found, steps: [], reason }, clock)
      const undoMs = await withScratchServer((url) => measureTunableUndo(url, before, plan.value))
      const steps = [
        `The value now, ${JSON.stringify(before)}, passes the service's own validation.`,
        `The new value, ${JSON.stringify(plan.value)}, passes it too.`,
      ]
      if (undoMs === undefined) {
        const late = 'A process did not obey the undo within 5 s on the throw-away server. Try again.'
        return refusedProof({ ...found, steps, reason: late }, clock)
      }
      steps.push(`Taking it back reached a running process after ${undoMs} ms, on a throw-away server.`)
      const expiresAt = new Date(clock.now() + proofValidMs).toISOString()
      return { ok: true, ...found, expiresAt, loss: 'kept', undoMs, locks: [], steps }
    },
    async actual(id) {
      const found = await pool.query('select 1 from sankofa.tunable as tunable where tunable.change_id = $1 limit 1', [
        id,
      ])
      return found.rowCount === 1 ? 1 : 0
    },
    async expose(id, plan, share, epoch) {
      const tunable = find(plan.tunable)
      const state = foldChange(await journal.read({ change: id }))
      const step = state?.inFlight === undefined ? state : state.inFlight.act === 'expose' ? state.inFlight : undefined
      if (state?.go === undefined || step?.share !== share) {
        const journalled = step === undefined ? 'that nothing is to be exposed' : `${step.share * 100} %`
        throw new SankofaError('SHARE_NOT_JOURNALLED', { change: id, share, journalled })
      }
      await withFence(pool, epoch, async (client) => {
        const row = await readTunable(client, tunable.id, 'for update')
        refuseConflict(tunable.id, id, row)
        if (share === 0) return void (await writeTunableBack(client, tunable.id, id, epoch))
        if (row?.change === id && isDeepStrictEqual(row.value, plan.value)) return
        // Begun again with another value: what comes back is still what was there before the change.
        const before = row === undefined ? tunable.initial : row.change === id ? row.before?.value : row.value
        await writeTunable(client, tunable.id, id, { value: plan.value, before }, epoch)
      })
    },
    async undo(id, plan, epoch) {
      const startedAtMs = clock.now()
      const wrote = await withFence(pool, epoch, async (client) => {
        const row = await readTunable(client, plan.tunable, 'for update')
        if (row?.change === id && row.before === undefined) refuseConflict(plan.tunable, id, row)
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

function reasonAgainst(tunable: Tunable, before: unknown, after: unknown): string | undefined {
  const old = problemWith(tunable.parse, before)
  if (old !== undefined) {
    return `Tunable "${tunable.id}" could not go back: its value now, ${JSON.stringify(before)}, no longer passes the validation (${old}). Set a value that passes first, or allow this one again.`
  }
  const next = problemWith(tunable.parse, after)
  if (next !== undefined)
    return `Tunable "${tunable.id}" does not take ${JSON.stringify(after)}: ${next}. Propose another value.`
  if (isDeepStrictEqual(before, after))
    return `Tunable "${tunable.id}" already is ${JSON.stringify(after)}: there is nothing to change.`
  return undefined
}
