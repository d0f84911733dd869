import { type Clock, SankofaError } from '../../core/index.ts'
import { watcherLease } from '../../db/index.ts'
import { readStatements } from '../../observe/index.ts'
import type { StashHook } from '../apply/migrator.ts'
import type { MigrationSet, Step, StepClient } from '../migration.ts'
import type { MigrationProof } from '../prove/proof.ts'
import { type Companion, together } from '../run/together.ts'
import { asText } from '../stash/as-text.ts'
import { planStash } from '../stash/plan-stash.ts'
import { stashing } from '../stash/stashing.ts'
import { positionalInserts } from '../statements/positional-inserts.ts'
import { statementsStillPrepare } from './statements-still-prepare.ts'

/** What was sent in this time is what the running release sends. */
const runningMs = 24 * 60 * 60 * 1000

/**
 * What stands around each step on the live database: the fence against a replaced leader, the last look at the running
 * release's statements, and the stash.
 *
 * @param options.epoch - absent where no watcher leads
 * @param options.proofOf - the newest proof of a group: what it saw tells the stash what the text does not say
 */
export function atTheStep(options: {
  readonly epoch?: bigint
  readonly budgetBytes: number
  readonly clock: Clock
  readonly set?: MigrationSet
  readonly acceptLoss?: boolean
  proofOf(group: string): Promise<MigrationProof | undefined>
}): StashHook {
  const { epoch, budgetBytes, clock, set, acceptLoss = false } = options
  const looks = new Map<string, Look>()
  return async ({ direction, group, migration, step, opposite: asApplied, client }) => {
    const here = (set?.migrations ?? []).filter((one) => one.group === group).map(({ id }) => id)
    // An older checkout takes a newer group back.
    const ids = here.length > 0 ? here : await idsOf(client, group)
    const order = direction === 'up' ? ids : ids.toReversed()
    const key = `${direction} ${group}`
    const look = looks.get(key) ?? (await lookAt(client, clock.now() - runningMs, group, direction))
    looks.set(key, look)
    const proof = await options.proofOf(group)
    const sent = { up: proof?.capturedUp?.[migration], undo: proof?.captured?.[migration] }
    const opposite = oppositeOf(set, migration, direction, proof) ?? asApplied
    const plan = await planStash(client, asText(step, sent[direction]), {
      ...(proof === undefined
        ? {}
        : { observed: proof.endangeredTables, seenLocks: [...proof.up.locks, ...proof.undoSeen.locks] }),
      ...(opposite === undefined ? {} : { opposite: asText(opposite, direction === 'up' ? sent.undo : sent.up) }),
      // Only what was seen to be exact on a shadow is done at once; else everything is copied.
      ...(proof?.instant === true ? { positional: look.positional } : { hideFrom: Number.POSITIVE_INFINITY }),
    })
    const stash = stashing({ migration, direction, plan, budgetBytes, now: new Date(clock.now()), acceptLoss })
    return together(
      ...(epoch === undefined ? [] : [fence(epoch)]),
      look.companion({ first: order[0] === migration, last: order.at(-1) === migration }),
      stash,
    )
  }
}

/** As the database knows them, in the order of applying. */
async function idsOf(client: StepClient, group: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    'select applied.id from sankofa.migration as applied where applied.group_id = $1 order by applied.position',
    [group],
  )
  return rows.map(({ id }) => id)
}

type Look = { readonly companion: ReturnType<typeof statementsStillPrepare>; readonly positional: readonly string[] }

async function lookAt(client: StepClient, sinceMs: number, group: string, direction: 'up' | 'undo'): Promise<Look> {
  const statements = await readStatements(client, { sinceMs })
  return {
    companion: statementsStillPrepare(statements, group, direction),
    positional: await positionalInserts(client, statements),
  }
}

function oppositeOf(
  set: MigrationSet | undefined,
  migration: string,
  direction: 'up' | 'undo',
  proof: MigrationProof | undefined,
): Step | undefined {
  const written = set?.migrations.find(({ id }) => id === migration)
  if (direction === 'undo') return written?.up
  const derived = proof?.derivedUndo?.[migration]
  return written?.undo ?? (derived === undefined ? undefined : { kind: 'sql', sql: derived, transaction: 'auto' })
}

/**
 * Nobody may commit as a leader that has been replaced. The lease row is locked only for the commit: while a long step
 * runs the leader must be able to renew, and the migrators' own lock keeps a successor from running it a second time.
 */
const fence = (epoch: bigint): Companion => ({
  frame: {
    async begun(_unit, client) {
      await refuseReplaced(client, epoch, '')
    },
    async ending(_unit, client) {
      await refuseReplaced(client, epoch, 'for share')
    },
  },
})

async function refuseReplaced(client: StepClient, epoch: bigint, lock: '' | 'for share'): Promise<void> {
  const held = await client.query(
    `select 1 from sankofa.lease as lease where lease.name = $1 and lease.epoch = $2 ${lock}`,
    [watcherLease, String(epoch)],
  )
  if (held.rowCount !== 1) throw new SankofaError('STALE_EPOCH', { epoch: String(epoch) })
}
