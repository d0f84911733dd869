import { setTimeout as delay } from 'node:timers/promises'
import { type ChangeId, SankofaError } from '../../core/index.ts'
import { type ChangeState, foldChange, requestGo } from '../../journal/index.ts'
import { groupsOf, readStatus } from '../../migrate/index.ts'
import type { Step } from '../../pipeline/index.ts'
import type { Context } from '../context.ts'
import { changeOfGroup, proposeDeclared } from '../declared.ts'

const lookEveryMs = 500

/** Groups of migrations that are not applied, in order, without those that are to follow later. */
export async function pendingGroups(context: Context, later: readonly string[]): Promise<readonly string[]> {
  const set = await context.loadMigrations()
  if (set === undefined) return []
  const groups = groupsOf(set.migrations).map(({ id }) => id)
  const unknown = later.filter((name) => !groups.includes(name))
  if (unknown.length > 0) throw new SankofaError('CHANGE_UNKNOWN', { change: unknown.join(', '), known: groups })
  const status = await readStatus(context.pool, set)
  const pending = groups.filter((id) => status.find(({ group }) => group === id)?.state !== 'applied')
  return pending.filter((id) => !later.includes(id))
}

/**
 * Expand before: lets each migration out under the watcher, and waits until the schema has it. One that breaks what runs is
 * refused by its proof; that is a contract, and follows when the release has settled.
 */
export function expandStep(context: Context, groups: readonly string[]): Step {
  return {
    id: 'expand',
    title: 'Expand the schema',
    skip: () => (groups.length === 0 ? 'no migration waits' : undefined),
    async run({ log, signal }) {
      for (const group of groups) {
        log(`${group} goes out`)
        await letOut(context, group, signal)
        log(`${group} is applied`)
      }
      return groups.join(', ')
    },
  }
}

async function letOut(context: Context, group: string, signal: AbortSignal): Promise<void> {
  const change = changeOfGroup(group)
  const before = await stateOf(context, change)
  if (isWhole(before)) return
  if (before === undefined || before.state === 'undone' || before.state === 'refused' || before.state === 'proposed')
    await proposeDeclared(context, group)
  const { lastId = 0n, pending } = (await stateOf(context, change)) ?? {}
  if (pending?.want !== 'go') await requestGo(context.journal, { change, actor: context.actor })
  for (;;) {
    signal.throwIfAborted()
    const state = await stateOf(context, change)
    if (isWhole(state)) return
    const isNew = (state?.lastId ?? 0n) > lastId
    const refusal = isNew && state?.state === 'refused' ? state.refusal?.reason : undefined
    const held = isNew ? state?.held : undefined
    const undone = isNew && state?.state === 'undone' ? 'It was taken back.' : undefined
    const why = refusal ?? undone ?? (held === undefined ? undefined : `${held.reason} ${held.ask}`)
    if (why !== undefined) {
      throw new SankofaError('STEP_FAILED', {
        what: `Migration ${group} did not go out: ${why}`,
        next: `Mend it. If it only takes away what the new release does not need, ship without it ("sankofa ship --later ${group}") and run "sankofa go ${change}" when the release has settled.`,
      })
    }
    await delay(lookEveryMs, undefined, { signal })
  }
}

const stateOf = async (context: Context, change: ChangeId): Promise<ChangeState | undefined> =>
  foldChange(await context.journal.read({ change }))

/** On the schema for everyone. */
const isWhole = (state: ChangeState | undefined): boolean =>
  state?.state === 'settled' ||
  ((state?.state === 'exposed' || state?.state === 'bake') && state.share === 1 && state.inFlight === undefined)
