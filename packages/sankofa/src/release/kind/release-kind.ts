import type pg from 'pg'
import { type Clock, changeId, isSankofaError, SankofaError, systemClock } from '../../core/index.ts'
import { withFence } from '../../db/index.ts'
import {
  type ChangeKind,
  type Journal,
  journalledStep,
  type ProofDigest,
  type UndoObjection,
} from '../../journal/index.ts'
import type { ReleasePlan } from '../release.ts'
import { baseOf, proveRelease, waitUntilReady } from './prove-release.ts'
import { findRelease } from './register.ts'
import { readSplit, refuseConflict, writeBack, writeExposure, writeSettled } from './split.ts'
import { unwant, want } from './wanted.ts'

/** What a release cannot do on the schema as it is. */
export type CannotRun = { readonly statement: string; readonly routes: readonly string[]; readonly reason: string }

/** A release that goes out is kept running for as long as its row says; this is for the time before. */
const startsWithinMs = 10 * 60_000

/** Changes of kind `release`: the row in `sankofa.release_split` is the world, which every gateway reads. */
export function releaseKind(options: {
  readonly pool: pg.Pool
  readonly journal: Pick<Journal, 'read'>
  /** Which statements that a release was seen to send would fail now. */
  cannotRun(release: string): Promise<readonly CannotRun[]>
  readonly clock?: Clock
}): ChangeKind<ReleasePlan> & ProofDigest<ReleasePlan> & UndoObjection<ReleasePlan> {
  const { pool, journal } = options
  const clock = options.clock ?? systemClock

  const refuseUnlessReady = async (plan: ReleasePlan): Promise<void> => {
    const { service, release } = plan
    await want(pool, { service, release, purpose: 'serve', by: 'the watcher', forMs: startsWithinMs })
    const manifest = (await findRelease(pool, service, release))?.manifest
    const found = await waitUntilReady(
      pool,
      { service, release, purpose: 'serve' },
      manifest?.start.readyWithinMs ?? 60_000,
      clock,
    )
    if (found.state !== 'ready')
      throw new SankofaError('RELEASE_NOT_READY', { release, host: found.host, why: found.why })
  }

  return {
    kind: 'release',
    control: 'subjects',
    dependsOn: (plan) => plan.needs.map(changeId),
    async currentDigest(plan) {
      const split = await readSplit(pool, plan.service)
      return { digest: plan.digest, base: baseOf(split?.current ?? plan.before) }
    },
    prove: (plan) => proveRelease(pool, plan, clock),
    async actual(id) {
      const found = await pool.query<{ share: number }>(
        'select split.share from sankofa.release_split as split where split.change_id = $1',
        [id],
      )
      return found.rows[0]?.share ?? 0
    },
    async expose(id, plan, share, epoch) {
      await journalledStep(journal, id, share)
      if (share > 0) await refuseUnlessReady(plan)
      await withFence(pool, epoch, async (client) => {
        await refuseConflict(client, plan, id)
        // Asked again with the row in hand: while the release came up it may have been taken back.
        const { go, stage, shareBefore } = await journalledStep(journal, id, share)
        await writeExposure(client, plan, id, { goId: go.goId, salt: go.salt, stage, share, shareBefore }, epoch)
      })
    },
    async undo(id, plan, epoch) {
      const startedAtMs = clock.now()
      const wrote = await withFence(pool, epoch, (client) => writeBack(client, plan.service, id, epoch))
      await unwant(pool, { service: plan.service, release: plan.release, purpose: 'serve' })
      const summary = wrote
        ? `Everybody gets release ${plan.before} of ${plan.service} again; ${plan.release} ends when its last request has.`
        : `Release ${plan.release} of ${plan.service} was shown to nobody any more.`
      return { tookMs: clock.now() - startedAtMs, summary }
    },
    async settle(id, plan, epoch) {
      await withFence(pool, epoch, (client) => writeSettled(client, plan, id, epoch))
      await unwant(pool, { service: plan.service, release: plan.release, purpose: 'serve' })
    },
    async undoObjection(_id, plan) {
      const { before } = plan
      const [broken, ...more] = await cannotRunSafely(options, before)
      if (broken === undefined) return undefined
      const routes = broken.routes.slice(0, 3).join(', ')
      const others = more.length === 0 ? '' : ` ${more.length} more of its statements fail too.`
      return (
        `Release ${before} cannot run on the schema as it is: "${broken.statement}" (sent by ${routes}) fails with: ${broken.reason}.${others} ` +
        `Take the migration back first that changed this ("sankofa migrate status" names it, "sankofa migrate back ID" gives the data back too), then run "sankofa back" again; or ship a release that mends what hurts.`
      )
    },
  }
}

/** A judge that is away must not keep a bad release out: what cannot be asked is no objection. */
async function cannotRunSafely(
  options: { cannotRun(release: string): Promise<readonly CannotRun[]> },
  release: string,
): Promise<readonly CannotRun[]> {
  try {
    return await options.cannotRun(release)
  } catch (error) {
    if (isSankofaError(error)) throw error
    return []
  }
}
