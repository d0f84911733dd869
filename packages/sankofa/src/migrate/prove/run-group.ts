import type { Group } from '../group.ts'
import type { Step, StepClient } from '../migration.ts'
import { runStep, type StepWatcher } from '../run/run-step.ts'
import { type Companion, together } from '../run/together.ts'
import { stoppedByTimeLimit } from '../shadow/time-limit.ts'
import { writeOut } from '../sql/write-out.ts'
import { type Observed, observeStep } from '../watch/observe-statement.ts'

export type RanGroup = {
  readonly seen: readonly Observed[]
  readonly touchedTables: readonly string[]
  /** By migration: what was sent, parameters written out. */
  readonly sent: Readonly<Record<string, readonly string[]>>
  readonly tookMs: number
}

/** A step ended in an error. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
  readonly migration: string
  readonly statement: string | undefined
  /** SQLSTATE. */
  readonly code: string | undefined
  /** Whose rows were in the way, as `schema.table`, where the server says so. */
  readonly table: string | undefined
  /** What happened, without anything that may be a value of somebody's row. */
  readonly withoutValues: string
  constructor(migration: string, cause: unknown) {
    const { message, detail, code, schema, table } = cause as {
      readonly message?: string
      readonly detail?: string
      readonly code?: string
      readonly schema?: string
      readonly table?: string
    }
    const stopped = stoppedByTimeLimit(cause)
    super(stopped ?? (detail === undefined ? (message ?? String(cause)) : `${message} (${detail})`), { cause })
    this.migration = migration
    this.code = code
    this.table = schema === undefined || table === undefined ? undefined : `${schema}.${table}`
    this.withoutValues = stopped ?? withoutValues(message, code)
    this.statement = (cause as { readonly statement?: string }).statement
  }
}

/** Data exceptions name the value, and what a function or a module raises may say anything; other messages only name objects. */
function withoutValues(message: string | undefined, code: string | undefined): string {
  const named = code?.startsWith('22') ? message?.split(/["'\d]/)[0]?.replace(/[:\s]*$/, '') : message
  const mayTell = code === undefined || code.startsWith('P0') ? undefined : named
  return mayTell ?? `it raised an error${code === undefined ? '' : ` (${code})`}, which may tell of the sampled rows`
}

/** The steps of a group in the order in which they run: of up, or of the undo backwards. */
export function stepsOf(
  group: Group,
  direction: 'up' | 'undo',
): readonly { readonly id: string; readonly step: Step }[] {
  if (direction === 'up') return group.migrations.map(({ id, up }) => ({ id, step: up }))
  return group.migrations.toReversed().flatMap(({ id, undo }) => (undo === undefined ? [] : [{ id, step: undo }]))
}

/**
 * Runs steps one after another on a shadow and says what each statement was seen to do.
 *
 * @param beside - what else stands around a step, such as the stash
 * @throws StepFailed
 */
export async function runGroup(
  client: StepClient,
  steps: readonly { readonly id: string; readonly step: Step }[],
  options: { readonly observe: boolean; readonly beside?: (id: string, step: Step) => Promise<Companion | undefined> },
): Promise<RanGroup> {
  const startedMs = performance.now()
  const seen: Observed[] = []
  const touched = new Set<string>()
  const sent: Record<string, string[]> = {}
  for (const { id, step } of steps) {
    const list: string[] = []
    sent[id] = list
    try {
      const observer = options.observe ? await observeStep(client) : undefined
      const { watcher, frame } = together({ watcher: recorder(list) }, (await options.beside?.(id, step)) ?? {}, {
        watcher: observer?.watcher,
      })
      await runStep(client, step, watcher, frame)
      seen.push(...(observer?.seen ?? []))
      for (const table of observer?.touchedTables() ?? []) touched.add(table)
    } catch (error) {
      throw new StepFailed(id, error)
    }
  }
  return { seen, touchedTables: [...touched], sent, tookMs: performance.now() - startedMs }
}

const recorder = (list: string[]): StepWatcher => ({
  async after(sent) {
    list.push(await writeOut(sent.sql, sent.values ?? []))
  },
})
