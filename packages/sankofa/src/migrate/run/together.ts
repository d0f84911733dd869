import type { StepWatcher, UnitFrame } from './run-step.ts'

/** One who watches a step, or surrounds its units, or both. */
export type Companion = { readonly watcher?: StepWatcher | undefined; readonly frame?: UnitFrame | undefined }

/**
 * Makes one of several. They stand around the step like brackets: the first is told first when a unit or a statement
 * begins, and last when it ends. Replacement statements of one are not shown to the next; two that replace the same
 * statement are a contradiction.
 *
 * @throws Error when two want to replace the same statement
 */
export function together(...companions: readonly Companion[]): {
  readonly watcher: StepWatcher
  readonly frame: UnitFrame
} {
  const inside = companions.toReversed()
  const firstUnits = companions.flatMap(({ frame }) => frame?.firstUnit ?? [])
  return {
    watcher: {
      async before(sent, client) {
        let instead: readonly string[] | undefined
        for (const { watcher } of companions) {
          const wanted = await watcher?.before?.(sent, client)
          if (wanted !== undefined && instead !== undefined) {
            throw new Error(`two watchers want to replace the same statement: ${sent.sql}`)
          }
          instead ??= wanted
        }
        return instead
      },
      async after(sent, client) {
        for (const { watcher } of inside) await watcher?.after?.(sent, client)
      },
    },
    frame: {
      ...(firstUnits.length === 0 ? {} : { firstUnit: Math.max(...firstUnits) }),
      async begun(unit, client) {
        for (const { frame } of companions) await frame?.begun?.(unit, client)
      },
      async ending(unit, client, last) {
        for (const { frame } of inside) await frame?.ending?.(unit, client, last)
      },
    },
  }
}
