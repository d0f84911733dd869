import type pg from 'pg'
import { type Clock, currentRelease, type ReleaseId, SankofaError, systemClock } from '../core/index.ts'
import { withFence } from '../db/index.ts'
import { type ChangeKind, type Journal, journalledStep, type ProofDigest } from '../journal/index.ts'
import type { Flag } from './flag.ts'
import { baseOf, digestOf, type FlagPlan } from './flag-plan.ts'
import { refuseConflict, refuseSettled, writeBack, writeExposure, writeSettled } from './flag-row.ts'
import { proveFlag } from './prove-flag.ts'
import { unknownProof } from './to-proof.ts'

/** Changes of kind `flag`: a plan names a declared flag, and its row in `sankofa.flag` is the world. */
export function flagKind(options: {
  readonly pool: pg.Pool
  readonly journal: Pick<Journal, 'read'>
  readonly flags: readonly Flag[]
  /** What the proof is made on; what runs in this folder unless told. */
  readonly release?: ReleaseId
  readonly clock?: Clock
}): ChangeKind<FlagPlan> & ProofDigest<FlagPlan> {
  const { pool, journal, flags } = options
  const clock = options.clock ?? systemClock
  const release = options.release ?? currentRelease(process.cwd())
  const unknown = (id: string): SankofaError =>
    new SankofaError('FLAG_UNKNOWN', { flag: id, known: flags.map((known) => known.id) })
  const declared = (id: string): Flag => {
    const flag = flags.find((candidate) => candidate.id === id)
    if (flag === undefined) throw unknown(id)
    return flag
  }

  return {
    kind: 'flag',
    control: 'subjects',
    dependsOn: () => [],
    async currentDigest(plan) {
      return { digest: digestOf(declared(plan.flag)), base: baseOf(release) }
    },
    async prove(plan) {
      const flag = flags.find((candidate) => candidate.id === plan.flag)
      if (flag === undefined) return unknownProof(unknown(plan.flag), release, clock)
      return proveFlag(flag, { release, clock })
    },
    async actual(id) {
      const found = await pool.query<{ share: number }>(
        'select flag.share from sankofa.flag as flag where flag.change_id = $1 order by flag.share desc limit 1',
        [id],
      )
      return found.rows[0]?.share ?? 0
    },
    async expose(id, plan, share, epoch) {
      const flag = declared(plan.flag)
      const { go, stage, shareBefore } = await journalledStep(journal, id, share)
      const exposure = { goId: go.goId, salt: go.salt, stage, share, shareBefore }
      await withFence(pool, epoch, async (client) => {
        await refuseConflict(client, flag.id, id)
        await writeExposure(client, flag.id, id, exposure, epoch)
      })
    },
    // Neither looks at the declarations: a release that no longer has the flag must still be able to take it back.
    async undo(id, plan, epoch) {
      const startedAtMs = clock.now()
      const wrote = await withFence(pool, epoch, async (client) => {
        await refuseSettled(client, plan.flag, id)
        return writeBack(client, plan.flag, id, epoch)
      })
      const summary = wrote
        ? `Flag "${plan.flag}" is off for everyone; every process obeys within 2 s.`
        : `Flag "${plan.flag}" was already off for everyone.`
      return { tookMs: clock.now() - startedAtMs, summary }
    },
    async settle(id, plan, epoch) {
      await withFence(pool, epoch, (client) => writeSettled(client, plan.flag, id, epoch))
    },
  }
}
