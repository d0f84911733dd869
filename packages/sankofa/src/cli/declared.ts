import { type ChangeId, changeId, SankofaError } from '../core/index.ts'
import { problemWith } from '../flags/index.ts'
import type { ChangeKindName, JournalRecord } from '../journal/index.ts'
import { foldAll, propose } from '../journal/index.ts'
import { groupsOf, type MigrationPlan, readStatus } from '../migrate/index.ts'
import type { Context } from './context.ts'

/**
 * Proposes what the config declares: a flag by its name, a tunable as `name=value` (JSON, or a bare word), a migration by
 * the name of its group.
 *
 * @throws SankofaError `CHANGE_UNKNOWN` when it is not declared, `TUNABLE_VALUE_WRONG` when the service does not take the value
 */
export async function proposeDeclared(context: Context, target: string): Promise<JournalRecord> {
  const { kind, name, title, plan, size, dependsOn } =
    (await readMigrationTarget(context, target)) ?? readTarget(context, target)
  const change = kind === 'tunable' ? await freeName(context, name) : changeId(name)
  return propose(context.journal, {
    change,
    actor: context.actor,
    kind,
    title,
    plan,
    control: kind === 'flag' ? 'subjects' : 'none',
    dependsOn: dependsOn ?? [],
    size,
  })
}

type Target = {
  readonly kind: ChangeKindName
  /** What the change is called; for a tunable the beginning of it. */
  readonly name: string
  readonly title: string
  readonly plan: unknown
  readonly size: { readonly unit: string; readonly n: number }
  readonly dependsOn?: readonly ChangeId[]
}

/** Names of changes are lower case; those of migrations need not be. */
export const changeOfGroup = (group: string): ChangeId =>
  changeId(
    group
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .slice(0, 100),
  )

/** The change that a person means by a name: that of a flag or a change, or of a group of migrations as its tool has it. */
export async function changeNamed(context: Context, name: string): Promise<ChangeId> {
  const declared = (context.config.flags ?? []).some(({ id }) => id === name)
  const set = declared ? undefined : await context.loadMigrations()
  return set?.migrations.some(({ group }) => group === name) === true ? changeOfGroup(name) : changeId(name)
}

async function readMigrationTarget(context: Context, target: string): Promise<Target | undefined> {
  const set = await context.loadMigrations()
  const groups = groupsOf(set?.migrations ?? [])
  const index = groups.findIndex(({ id }) => id === target || changeOfGroup(id) === target)
  const group = groups[index]
  if (group === undefined) return undefined
  const states = foldAll(await context.journal.read())
  const status = await readStatus(context.pool, set)
  const isPending = (id: string): boolean => status.find((one) => one.group === id)?.state === 'pending'
  // It stands on what is not there yet, and on what went before it and may still go back.
  const dependsOn = groups.slice(0, index).flatMap(({ id }) => {
    const change = changeOfGroup(id)
    return isPending(id) || isOut(states.get(change)?.state) ? [change] : []
  })
  const plan: MigrationPlan = { group: group.id, after: dependsOn }
  const { length } = group.migrations
  return {
    kind: 'migration',
    name: changeOfGroup(group.id),
    title: length === 1 ? `Migration ${group.id}` : `Migrations of ${group.id}`,
    plan,
    size: { unit: length === 1 ? 'migration' : 'migrations', n: length },
    dependsOn,
  }
}

const isOut = (state: string | undefined): boolean => state === 'exposed' || state === 'bake'

function readTarget(context: Context, target: string): Target {
  const [name = '', ...rest] = target.split('=')
  const { flags = [], tunables = [] } = context.config
  const known = [...flags.map((flag) => flag.id), ...tunables.map((tunable) => `${tunable.id}=VALUE`)]
  if (rest.length > 0) {
    const tunable = tunables.find((candidate) => candidate.id === name)
    if (tunable === undefined) throw new SankofaError('CHANGE_UNKNOWN', { change: name, known })
    const text = rest.join('=')
    const value = readValue(text)
    const reason = problemWith(tunable.parse, value)
    if (reason !== undefined) {
      throw new SankofaError('TUNABLE_VALUE_WRONG', { tunable: name, value: JSON.stringify(value), reason })
    }
    return {
      kind: 'tunable',
      name: `${name}-to-${text
        .toLowerCase()
        .replace(/[^a-z0-9.]+/g, '-')
        .slice(0, 40)}`,
      title: `${tunable.title}: ${text}`,
      plan: { tunable: name, value },
      size: { unit: 'value', n: 1 },
    }
  }
  const flag = flags.find((candidate) => candidate.id === name)
  if (flag === undefined) throw new SankofaError('CHANGE_UNKNOWN', { change: name, known })
  return { kind: 'flag', name, title: flag.title, plan: { flag: name }, size: { unit: 'flag', n: 1 } }
}

/** A value that was settled once may be wanted again: that is another change, with a number behind its name. */
async function freeName(context: Context, name: string): Promise<ChangeId> {
  const states = foldAll(await context.journal.read())
  for (let n = 1; ; n++) {
    const candidate = changeId(n === 1 ? name : `${name}-${n}`)
    if (states.get(candidate)?.state !== 'settled') return candidate
  }
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
