import { SankofaError } from '../../core/index.ts'
import { bootstrap } from '../../db/index.ts'
import { applyAll } from './apply-all.ts'
import { backGroup, type Going, planBack } from './back-group.ts'
import type { Applied, Migrator, MigratorOptions, Ran, UpOptions } from './migrator.ts'
import { findGroup, prepare, refuseEdited, refuseGaps, refuseUndoing } from './prepare.ts'
import { readProofs } from './proofs.ts'
import type { Run } from './run.ts'
import { inSession } from './session.ts'
import { readStatus } from './status.ts'
import { type GroupView, isMissing } from './view.ts'

const defaults = { lockTimeoutMs: 2_000, tries: 10, giveUpAfterMs: 120_000, statementTimeoutMs: 0, waitMs: 60_000 }

/**
 * Applies migrations to a live database and takes them back. After a kill at any point `status` tells what was done, and `up`
 * or `back` goes on from there.
 */
export function openMigrator(given: MigratorOptions): Migrator {
  const options = { ...defaults, ...given }
  const { pool, set } = options
  const withLock = async <T>(work: (run: Run) => Promise<T>): Promise<T> => {
    await bootstrap(pool)
    return inSession({ ...options, holder: options.holder ?? options.actor }, async (session) => {
      const run: Run = { session, options, set, history: set?.history }
      return work(run)
    })
  }

  const upSome = (choose: (view: readonly GroupView[]) => readonly GroupView[], chosen: UpOptions): Promise<Applied> =>
    withLock(async (run) => {
      const began = performance.now()
      await run.history?.ensure(run.session.client)
      const { view, adopted } = await prepare(run, chosen.accept)
      refuseEdited(view)
      const groups = choose(view).filter((group) => group.entries.some(isMissing) || isUndoing(group))
      for (const group of groups) refuseUndoing(group)
      const [first] = groups
      if (first !== undefined && chosen.outOfOrder !== true) refuseGaps(view, first)
      const proofs =
        groups.length === 0
          ? []
          : await readProofs(
              run.session.client,
              groups.map(({ group }) => group),
            )
      const migrations = await applyAll(run, groups, chosen, proofs)
      return { groups: groups.map(({ group }) => group), migrations, adopted, tookMs: performance.now() - began }
    })

  return {
    status: () => readStatus(pool, set),
    up: (group, chosen = {}) => upSome((view) => [findGroup(view, group)], chosen),
    upAll: ({ to, ...chosen } = {}) =>
      upSome((view) => {
        const here = view.filter((group) => group.here)
        return to === undefined ? here : here.slice(0, here.indexOf(findGroup(view, to)) + 1)
      }, chosen),
    back: (group, chosen = {}) =>
      withLock(async (run) => {
        const began = performance.now()
        const { view } = await prepare(run)
        const groups = whatGoes(view, findGroup(view, group), chosen.alsoLater === true)
        const plans: (readonly Going[])[] = []
        for (const each of groups) plans.push(await planBack(run, each))
        const migrations: Ran[] = []
        for (const plan of plans) migrations.push(...(await backGroup(run, plan, chosen)))
        return { groups: groups.map((each) => each.group), migrations, tookMs: performance.now() - began }
      }),
  }
}

const isUndoing = (group: GroupView): boolean => group.entries.some(({ row }) => row?.state === 'undoing')

/** The group and those applied after it, newest first. */
function whatGoes(view: readonly GroupView[], group: GroupView, alsoLater: boolean): readonly GroupView[] {
  const firstOf = ({ entries }: GroupView): bigint | undefined =>
    entries.flatMap(({ row }) => (row === undefined ? [] : [BigInt(row.position)])).sort((a, b) => (a < b ? -1 : 1))[0]
  const lastOf = ({ entries }: GroupView): bigint =>
    entries.reduce(
      (last, { row }) => (row !== undefined && BigInt(row.position) > last ? BigInt(row.position) : last),
      0n,
    )
  const from = firstOf(group)
  if (from === undefined) throw new SankofaError('MIGRATION_NOT_APPLIED', { group: group.group })
  const later = view
    .filter((each) => each !== group && lastOf(each) > from)
    .toSorted((a, b) => (lastOf(a) > lastOf(b) ? -1 : 1))
  if (later.length > 0 && !alsoLater) {
    throw new SankofaError('MIGRATION_LATER_APPLIED', { group: group.group, later: later.map((each) => each.group) })
  }
  return [...later, group]
}
