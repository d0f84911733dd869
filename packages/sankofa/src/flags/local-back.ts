import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { type ChangeId, SankofaError } from '../core/index.ts'
import { readJson, withFileLock, writeJson } from './file.ts'
import { readStateFile } from './state-file.ts'

/** A change taken back on this host by a person, with or without PostgreSQL. */
export type LocalBack = {
  readonly change: ChangeId
  readonly actor: string
  readonly reason: string
  readonly at: Date
  /** True once the journal has it; until then it is pending. */
  readonly journalled: boolean
}

const writtenOverrides = Type.Object({
  format: Type.Literal(1),
  overrides: Type.Array(
    Type.Object({
      change: Type.String(),
      actor: Type.String(),
      reason: Type.String(),
      at: Type.String(),
      journalled: Type.Boolean(),
    }),
  ),
})

export const overridesFile = (directory: string): string => join(directory, 'overrides.json')

/** Whether it made a difference here, as far as this host knows: `unknown` when no state was ever kept. */
export type LocalEffect = 'taken back' | 'was not out' | 'unknown'

/**
 * Takes a change back on this host, at once and without PostgreSQL: every process that shares `directory` obeys within a
 * second, until the journal shows the change undone.
 *
 * @throws SankofaError `OVERRIDES_UNREADABLE` when the file was damaged by hand; nothing was written then
 */
export async function backLocal(
  directory: string,
  change: ChangeId,
  by: { readonly actor: string; readonly reason: string; readonly at?: Date },
): Promise<LocalBack & { readonly effect: LocalEffect }> {
  const back: LocalBack = { change, actor: by.actor, reason: by.reason, at: by.at ?? new Date(), journalled: false }
  await edit(directory, (overrides) => [...overrides.filter((other) => other.change !== change), back])
  return { ...back, effect: await effectOf(directory, change) }
}

/** A misspelt name must not look like a change that was taken back. */
async function effectOf(directory: string, change: ChangeId): Promise<LocalEffect> {
  // A broken file knows nothing, and must not stand in the way.
  const state = await readStateFile(directory).catch(() => undefined)
  if (state === undefined) return 'unknown'
  const isFlagOut = state.flags.some((flag) => flag.change === change && flag.share > 0 && !flag.settled)
  const isTunableOut = state.tunables.some((tunable) => tunable.change === change && tunable.before !== undefined)
  const isReleaseOut = state.releases.some((split) => split.change === change && split.next !== undefined)
  return isFlagOut || isTunableOut || isReleaseOut ? 'taken back' : 'was not out'
}

/** Everything that is taken back on this host now. */
export async function localOverrides(directory: string): Promise<readonly LocalBack[]> {
  const path = overridesFile(directory)
  const written = await readJson(path).catch((error: unknown) => {
    throw new SankofaError('OVERRIDES_UNREADABLE', { path }, { cause: error })
  })
  if (written === undefined) return []
  if (!Value.Check(writtenOverrides, written)) throw new SankofaError('OVERRIDES_UNREADABLE', { path })
  return written.overrides.map((row) => ({ ...row, change: row.change as ChangeId, at: new Date(row.at) }))
}

/** What the journal must still be told, oldest first. */
export async function pendingLocal(directory: string): Promise<readonly LocalBack[]> {
  const pending = (await localOverrides(directory)).filter((back) => !back.journalled)
  return pending.sort((a, b) => a.at.getTime() - b.at.getTime())
}

/** The journal has it now. It stays in force until the journal also shows the change undone. */
export async function journalledLocal(directory: string, change: ChangeId): Promise<void> {
  await edit(directory, (overrides) =>
    overrides.map((back) => (back.change === change ? { ...back, journalled: true } : back)),
  )
}

/** The change is undone for everyone: this host obeys PostgreSQL again. */
export async function forgetLocal(directory: string, change: ChangeId): Promise<void> {
  await edit(directory, (overrides) => overrides.filter((back) => back.change !== change))
}

async function edit(
  directory: string,
  change: (overrides: readonly LocalBack[]) => readonly LocalBack[],
): Promise<void> {
  await withFileLock(overridesFile(directory), async () => {
    const overrides = change(await localOverrides(directory))
    await writeJson(overridesFile(directory), {
      format: 1,
      overrides: overrides.map((back) => ({ ...back, at: back.at.toISOString() })),
    })
  })
}
