import type pg from 'pg'
import { type ChangeId, type Clock, SankofaError, systemClock } from '../../core/index.ts'
import { type ChangeKind, foldChange, type Journal, type ProofDigest, type TouchedRoutes } from '../../journal/index.ts'
import { readStatements } from '../../observe/index.ts'
import { digestOfGroup } from '../apply/digest.ts'
import type { Migrator } from '../apply/migrator.ts'
import { openMigrator } from '../apply/open-migrator.ts'
import { type Group, groupsOf } from '../group.ts'
import type { MigrationSet } from '../migration.ts'
import type { MigrationProof } from '../prove/proof.ts'
import { settleStash } from '../stash/stashes.ts'
import { touchedRoutes } from '../statements/touched-routes.ts'
import { atTheStep } from './at-the-step.ts'
import type { MigrationPlan } from './migration-plan.ts'
import { newestProof } from './newest-proof.ts'
import { onConnection } from './on-connection.ts'
import { proveLive } from './prove-live.ts'
import { readLive } from './read-live.ts'
import { toJournalProof } from './to-journal-proof.ts'

export type MigrationKindOptions = {
  readonly pool: pg.Pool
  readonly journal: Pick<Journal, 'read'>
  /** The migrations of this checkout; `undefined` where the service has none. Read anew each time: a file may be new. */
  load(): Promise<MigrationSet | undefined>
  readonly shadowUrl?: string
  /** What one migration may keep aside; 1 GB unless told. */
  readonly stashBudgetBytes?: number
  readonly clock?: Clock
  readonly log?: Parameters<typeof openMigrator>[0]['log']
}

const defaultBudgetBytes = 1_000_000_000

/** Changes of kind `migration`: a plan names a group, and `sankofa.migration` is the world. */
export function migrationKind(
  options: MigrationKindOptions,
): ChangeKind<MigrationPlan> & ProofDigest<MigrationPlan> & TouchedRoutes<MigrationPlan> {
  const { pool, journal, load, shadowUrl, log, stashBudgetBytes: budgetBytes = defaultBudgetBytes } = options
  const clock = options.clock ?? systemClock

  const proofOf = (group: string): Promise<MigrationProof | undefined> =>
    onConnection(pool, (client) => newestProof(client, group))

  const migratorFor = async (epoch?: bigint, id?: ChangeId): Promise<Migrator> => {
    const set = await load()
    const state = id === undefined ? undefined : foldChange(await journal.read({ change: id }))
    const stash = atTheStep({
      budgetBytes,
      clock,
      proofOf,
      // Who lets it out without a proof has said that a loss is meant.
      acceptLoss: state?.unproved !== undefined,
      ...(set === undefined ? {} : { set }),
      ...(epoch === undefined ? {} : { epoch }),
    })
    const common = { pool, actor: 'watcher', clock, stash }
    return openMigrator({ ...common, ...(set === undefined ? {} : { set }), ...(log === undefined ? {} : { log }) })
  }

  return {
    kind: 'migration',
    control: 'none',
    dependsOn: (plan) => plan.after,
    async currentDigest(plan) {
      const { set, group } = await findGroup(load, plan.group)
      const { base } = await onConnection(pool, (client) => readLive(client, set))
      return { digest: digestOfGroup(group.migrations), base }
    },
    async prove(plan) {
      const { set, group } = await findGroup(load, plan.group)
      const shadow = shadowUrl === undefined ? {} : { shadowUrl }
      const [proved] = await proveLive({ pool, set, groups: [group], clock, ...shadow })
      if (proved === undefined) throw new Error(`nothing came of the proof of ${group.id}`)
      return toJournalProof(proved, clock.now())
    },
    async actual(id) {
      const plan = foldChange(await journal.read({ change: id }))?.plan as MigrationPlan | undefined
      if (plan === undefined) return 0
      const applied = (await (await migratorFor()).status()).find(({ group }) => group === plan.group)
      return applied?.state === 'applied' || applied?.state === 'unknown here' ? 1 : 0
    },
    async expose(id, plan, share, epoch) {
      // Nobody takes a migration back because nobody reports: see the rollout.
      if (share === 0) return
      await (await migratorFor(epoch, id)).up(plan.group)
    },
    async undo(id, plan, epoch) {
      const migrator = await migratorFor(epoch, id)
      const startedAtMs = clock.now()
      const applied = (await migrator.status()).find(({ group }) => group === plan.group)
      if (applied === undefined || applied.state === 'pending') {
        return { tookMs: 0, summary: `Migration ${plan.group} was not applied.` }
      }
      await migrator.back(plan.group)
      return {
        tookMs: clock.now() - startedAtMs,
        summary: `Migration ${plan.group} is taken back, with the rows that it had destroyed.`,
      }
    },
    async settle(_id, plan) {
      const { group } = await findGroup(load, plan.group)
      await onConnection(pool, async (client) => {
        for (const { id } of group.migrations) await settleStash(client, id)
      })
    },
    async touchedRoutes(plan) {
      const statements = await onConnection(pool, (client) => readStatements(client))
      const tables = (await proofOf(plan.group))?.touchedTables
      // Nobody has seen what it touches: it may be anything.
      if (tables === undefined) return [...new Set(statements.flatMap(({ routes }) => routes))].sort()
      return touchedRoutes(statements, tables)
    },
  }
}

/** @throws SankofaError `MIGRATION_GROUP_UNKNOWN` */
async function findGroup(
  load: MigrationKindOptions['load'],
  id: string,
): Promise<{ readonly set: MigrationSet; readonly group: Group }> {
  const set = await load()
  const groups = groupsOf(set?.migrations ?? [])
  const group = groups.find((one) => one.id === id)
  if (set === undefined || group === undefined) {
    throw new SankofaError('MIGRATION_GROUP_UNKNOWN', { group: id, known: groups.slice(-5).map((one) => one.id) })
  }
  return { set, group }
}
