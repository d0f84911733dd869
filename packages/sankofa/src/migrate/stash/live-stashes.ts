import { SankofaError } from '../../core/index.ts'
import type { StepClient } from '../migration.ts'
import { comesBackItself, isInDanger } from './come-back.ts'
import { keepAll } from './keep-lossy.ts'
import { stashTable } from './kept.ts'
import { materialise } from './materialise.ts'
import { type Entry, hiddenEntries, isAsWritten, lastRun } from './registry.ts'
import type { StashPlan } from './stash-plan.ts'
import { withExactText } from './text-form.ts'
import { fullName, readWorld } from './world.ts'

export const isCopied = ({ kept }: Entry): boolean => kept.instant === undefined

/** What is hidden or moved is copied after all where the step would make away with it, show it, or not make it again. */
export async function readied(client: StepClient, plan: StashPlan, live: readonly Entry[]): Promise<readonly Entry[]> {
  const ids = new Set(live.map(({ id }) => id))
  const endangers = plan.exposes.length > 0 || plan.keeps.some(({ columns }) => columns === 'all')
  for (const instant of endangers ? await hiddenEntries(client) : []) {
    if (!ids.has(instant.id) && (await isInDanger(client, plan, instant))) await materialise(client, instant, false)
  }
  const ready: Entry[] = []
  for (const entry of live) {
    if (isCopied(entry) || (await comesBackItself(client, plan, entry))) ready.push(entry)
    else {
      const expressed = plan.updates.includes(fullName(entry.kept))
      const kept = await materialise(client, entry, expressed)
      if (kept !== undefined) ready.push({ ...entry, kept })
    }
  }
  return ready
}

type Whose = {
  readonly migration: string
  readonly direction: 'up' | 'undo'
  readonly now: Date
  readonly acceptLoss?: boolean
}

/** What the opposite step kept, whole and not yet given back. */
export async function liveStashes(client: StepClient, options: Whose): Promise<readonly Entry[]> {
  const { migration, direction, now } = options
  const opposite = direction === 'up' ? 'undo' : 'up'
  let entries = await lastRun(client, migration, opposite)
  const interrupted = entries.filter(({ state }) => state === 'capturing')
  if (interrupted.length > 0) {
    // The opposite step stopped half-way: how the rows are now is how it left them.
    const world = await readWorld(client)
    await withExactText(client, async () => {
      for (const { id, kept } of interrupted) await keepAll(client, { id, kept, rows: 0, bytes: 0 }, world, true)
    })
    entries = await lastRun(client, migration, opposite)
  }
  const live = entries.filter(({ state }) => state === 'open')
  const late = live.filter(({ expiresAt }) => expiresAt <= now)
  const dropped = entries.filter(({ state }) => state === 'dropped' || state === 'settled')
  if ((late.length > 0 || dropped.length > 0) && options.acceptLoss !== true) {
    const why =
      late[0] !== undefined
        ? `expired on ${late[0].expiresAt.toISOString().slice(0, 10)}`
        : (dropped[0]?.closedWhy ?? 'was dropped')
    throw new SankofaError('STASH_GONE', { migration, tables: [...late, ...dropped].map(({ table }) => table), why })
  }
  const usable = live.filter(({ expiresAt }) => expiresAt > now)
  for (const entry of usable) {
    if (await isAsWritten(client, entry)) continue
    throw new SankofaError('STASH_TAMPERED', { migration, table: entry.table, stash: stashTable(entry.id) })
  }
  return usable
}
