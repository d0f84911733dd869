import { SankofaError, systemClock } from '../../core/index.ts'
import { foldAll } from '../../journal/index.ts'
import {
  atTheStep,
  digestOfGroup,
  dropStash,
  type Group,
  type GroupStatus,
  groupsOf,
  listStashes,
  type MigrationSet,
  type Migrator,
  newestProof,
  openMigrator,
  proveLive,
  readStatus,
  saveProof,
  sayLive,
  summaryOf,
} from '../../migrate/index.ts'
import { type Context, stashBudgetBytes } from '../context.ts'
import { changeOfGroup } from '../declared.ts'
import { AnswerIsNo, type OutputOptions, print } from '../output.ts'

export type StepOptions = OutputOptions & { readonly stepDone?: boolean; readonly stepAgain?: boolean }
export type UpOptions = StepOptions & {
  readonly to?: string
  readonly unproved?: string
  readonly outOfOrder?: boolean
  readonly accept?: readonly string[]
}
export type BackOptions = StepOptions & { readonly alsoLater?: boolean }

/** Shows every group and what its state is. */
export async function migrateStatusCommand(context: Context, _: string, options: OutputOptions): Promise<void> {
  const groups = await (await openHere(context)).status()
  const width = Math.max(5, ...groups.map(({ group }) => group.length))
  const counts = groups.filter(({ state }) => state === 'applied').length
  print(options, { groups }, [
    ...groups.map((group) => `  ${group.group.padEnd(width)}  ${stateWords(group)}`),
    groups.length === 0
      ? 'No migrations: name their folder in sankofa.config.ts, as migrations: { directory }.'
      : `${counts} of ${groups.length} applied.`,
  ])
}

function stateWords(group: GroupStatus): string {
  const { state, appliedAt, by, proof, drift, interruptedAt, running, noUndo } = group
  const when =
    appliedAt === undefined ? '' : ` ${appliedAt.toISOString().slice(0, 16).replace('T', ' ')} by ${by ?? 'someone'}`
  return [
    `${state}${when}`,
    ...(proof === undefined ? [] : [`undo ${proof.grade}, rows ${proof.loss}`]),
    ...(noUndo === undefined ? [] : [`cannot be taken back: ${noUndo}`]),
    ...(drift === undefined ? [] : [drift]),
    ...(running === undefined ? [] : ['somebody is at it now']),
    ...(interruptedAt === undefined ? [] : [interruptedAt.next]),
  ].join('; ')
}

/**
 * Applies what is missing, here and now, with nobody watching: for development, a first installation, a deploy script. Each
 * undo is proved first, except on a database that has nothing yet. `sankofa go` applies one under the watcher.
 */
export async function migrateUpCommand(context: Context, name: string, options: UpOptions): Promise<void> {
  const set = await setOf(context)
  const status = await readStatus(context.pool, set)
  const isNew = status.every(({ state }) => state === 'pending')
  const migrator = await openHere(context, set, { acceptLoss: options.unproved !== undefined, stash: !isNew })
  const groups = groupsOf(set.migrations)
  const to = groupNamed(groups, options.to ?? name)?.id
  const upTo = to === undefined ? groups : groups.slice(0, groups.findIndex(({ id }) => id === to) + 1)
  const wanted = upTo.filter(({ id }) => status.find(({ group }) => group === id)?.state !== 'applied')
  if (wanted.length === 0) {
    const which = to === undefined ? `all ${status.length}` : `those up to ${to}`
    return print(options, { applied: [] }, [`Nothing to do: ${which} are applied.`])
  }
  refuseEdited(status, options.accept ?? [])
  await refuseJournalled(context, wanted)
  if (options.unproved !== undefined) await recordUnproved(context, wanted, options.unproved)
  else if (!isNew) await proveFirst(context, set, wanted, options)
  const applied = await migrator.upAll({
    ...inDoubt(options),
    ...(to === undefined ? {} : { to }),
    ...(options.outOfOrder === undefined ? {} : { outOfOrder: options.outOfOrder }),
    ...(options.accept === undefined ? {} : { accept: options.accept }),
  })
  print(options, applied, [
    ...applied.groups.map((group) => `  applied ${group}`),
    `${applied.groups.length} applied in ${(applied.tookMs / 1_000).toFixed(1)} s${isNew ? '; the database was new, so no undo was proved' : ''}.`,
  ])
}

/** A proof on what the edited file makes would only say that the live schema is another. */
function refuseEdited(status: readonly GroupStatus[], accept: readonly string[]): void {
  const edited = status
    .flatMap(({ drift, drifted = [] }) => (drift === 'edited since' ? drifted : []))
    .filter((id) => !accept.includes(id))
  if (edited.length > 0) throw new SankofaError('MIGRATION_EDITED', { edited })
}

/** @throws SankofaError `MIGRATION_GROUP_UNKNOWN` */
function groupNamed(groups: readonly Group[], name: string): Group | undefined {
  const found = groups.find(({ id, migrations }) => id === name || migrations.some((one) => one.id === name))
  if (found !== undefined || name === '') return found
  throw new SankofaError('MIGRATION_GROUP_UNKNOWN', { group: name, known: groups.slice(-5).map(({ id }) => id) })
}

/** Takes the named group back, or the newest that is applied. */
export async function migrateBackCommand(context: Context, name: string, options: BackOptions): Promise<void> {
  const migrator = await openHere(context)
  const status = await migrator.status()
  const isThere = ({ state }: GroupStatus): boolean => state !== 'pending'
  const group = name === '' ? status.findLast(isThere)?.group : name
  if (group === undefined) throw new SankofaError('NOTHING_TO_TAKE_BACK', {})
  await refuseJournalled(context, [{ id: group, migrations: [] }])
  const back = await migrator.back(group, {
    ...inDoubt(options),
    ...(options.alsoLater === true ? { alsoLater: true } : {}),
  })
  print(options, back, [
    ...back.groups.map((one) => `  taken back ${one}`),
    `${back.groups.length} taken back in ${(back.tookMs / 1_000).toFixed(1)} s. What was kept of the rows is put back; "sankofa migrate stash" lists what is still kept.`,
  ])
}

/** Lists what is kept aside, or drops one. */
export async function migrateStashCommand(
  context: Context,
  _: string,
  options: OutputOptions & { readonly drop?: string },
): Promise<void> {
  if (options.drop !== undefined) {
    if (!/^\d{1,18}$/.test(options.drop)) throw new SankofaError('STASH_UNKNOWN', { id: options.drop })
    await dropStash(context.pool, BigInt(options.drop))
    return print(options, { dropped: options.drop }, [`Dropped: what stash ${options.drop} kept is gone for good.`])
  }
  const stashes = await listStashes(context.pool)
  print(options, { stashes }, [
    ...stashes.map(
      ({ id, migration, direction, table, rows, bytes, state, expiresAt }) =>
        `  ${id}  ${migration} (${direction})  ${table}  ${rows} rows, ${Math.ceil(Number(bytes) / 1_024)} kB  ${state}, until ${expiresAt.toISOString().slice(0, 10)}`,
    ),
    stashes.length === 0
      ? 'Nothing is kept aside.'
      : 'Drop one with "sankofa migrate stash --drop ID": then it cannot be given back.',
  ])
}

export async function setOf({ loadMigrations }: Pick<Context, 'loadMigrations'>): Promise<MigrationSet> {
  const set = await loadMigrations()
  if (set !== undefined) return set
  throw new SankofaError('SETTINGS_WRONG', {
    problems: ['migrations: not set in sankofa.config.ts; expected migrations: { directory: "migrations" }.'],
  })
}

/** @param options.stash - false where there is nothing yet that could be lost */
async function openHere(
  context: Context,
  given?: MigrationSet,
  { acceptLoss = false, stash: keeps = true }: { readonly acceptLoss?: boolean; readonly stash?: boolean } = {},
): Promise<Migrator> {
  const { pool, config, actor } = context
  const set = given ?? (await context.loadMigrations())
  const stash = atTheStep({
    budgetBytes: stashBudgetBytes(config),
    clock: systemClock,
    proofOf: (group) => newestProof(pool, group),
    acceptLoss,
    ...(set === undefined ? {} : { set }),
  })
  return openMigrator({
    pool,
    actor,
    clock: systemClock,
    ...(keeps ? { stash } : {}),
    ...(set === undefined ? {} : { set }),
  })
}

/** What went out under the watcher goes back under it: two who act on one change would not know of each other. */
async function refuseJournalled(context: Context, groups: readonly Group[]): Promise<void> {
  const states = foldAll(await context.journal.read())
  for (const { id } of groups) {
    const state = states.get(changeOfGroup(id))
    if (state === undefined || state.kind !== 'migration') continue
    const busy = state.state === 'exposed' || state.state === 'bake' || state.pending !== undefined
    if (!busy) continue
    throw new SankofaError('CHANGE_NOT_ALLOWED', {
      change: state.change,
      state: state.pending === undefined ? state.state : `asked to ${state.pending.want}`,
      wanted: 'be applied or taken back past the watcher',
      next: `Use "sankofa go ${state.change}" and "sankofa back ${state.change}".`,
    })
  }
}

/** In place of a proof: who wanted it, and why. It is kept with the migration. */
async function recordUnproved(context: Context, groups: readonly Group[], why: string): Promise<void> {
  for (const group of groups) {
    const digest = digestOfGroup(group.migrations)
    const proof = { grade: 'missing', loss: 'lost', unproved: why, by: context.actor }
    await saveProof(context.pool, { digest, base: 'unproved', group: group.id, postgres: '', proof })
  }
}

/** @throws AnswerIsNo when one of the undos is not proved; nothing is applied then */
async function proveFirst(
  context: Context,
  set: MigrationSet,
  groups: readonly Group[],
  options: OutputOptions,
): Promise<void> {
  const shadowUrl = context.config.migrations?.shadowUrl
  const proved = await proveLive({
    pool: context.pool,
    set,
    groups,
    clock: systemClock,
    ...(shadowUrl === undefined ? {} : { shadowUrl }),
    onProof(proof) {
      const { mark, text } = summaryOf(proof)
      if (options.json !== true) console.log(`  ${mark} ${proof.group}  ${text}`)
    },
  })
  const drift = proved.find((one) => one.drift !== undefined)?.drift
  const refused = proved.filter(({ proof }) => !proof.ok || proof.brokenStatements.length > 0)
  if (drift === undefined && refused.length === 0) return
  const reason =
    drift === undefined
      ? `${refused.map(({ proof }) => proof.group).join(', ')} cannot be taken back as proved.`
      : `the live schema is not what the migrations before make: ${sayLive(drift)}.`
  print(options, { applied: [], refused: proved.map(({ proof }) => summaryOf(proof)), reason }, [
    `Nothing was applied: ${reason} Mend it, or say why with --unproved "why".`,
  ])
  throw new AnswerIsNo()
}

const inDoubt = ({ stepDone, stepAgain }: StepOptions): { readonly inDoubt?: 'done' | 'again' } =>
  stepDone === true ? { inDoubt: 'done' } : stepAgain === true ? { inDoubt: 'again' } : {}
