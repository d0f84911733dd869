import type pg from 'pg'
import type { Step, StepClient } from '../../migration.ts'
import { runStep } from '../../run/run-step.ts'
import { planStash } from '../plan-stash.ts'
import type { StashPlan, StashReport } from '../stash-plan.ts'
import { type StashingOptions, stashing } from '../stashing.ts'

/** A migration of which each step is run as `migrate` runs it, with the stash around it. */
export type Trip = {
  up(more?: Partial<StashingOptions>): Promise<StashReport>
  undo(more?: Partial<StashingOptions>): Promise<StashReport>
  plan(direction: 'up' | 'undo'): Promise<StashPlan>
}

export type TripOptions = {
  readonly observed?: readonly string[]
  /** Each step is planned as if nothing were known of its opposite. */
  readonly blind?: boolean
  readonly transaction?: 'auto' | 'none'
  readonly client?: StepClient
  readonly migration?: string
  readonly hideFrom?: number
  readonly positional?: readonly string[]
}

export const sqlStep = (sql: string, transaction: 'auto' | 'none' = 'auto'): Step => ({ kind: 'sql', sql, transaction })

export function tripOf(pool: pg.Pool, up: string | Step, undo: string | Step, options: TripOptions = {}): Trip {
  const toStep = (step: string | Step): Step => (typeof step === 'string' ? sqlStep(step, options.transaction) : step)
  const steps = { up: toStep(up), undo: toStep(undo) }
  const migration = options.migration ?? '0042_trip'

  async function plan(client: StepClient, direction: 'up' | 'undo'): Promise<StashPlan> {
    const opposite = direction === 'up' ? steps.undo : steps.up
    return planStash(client, steps[direction], {
      ...(options.blind === true ? {} : { opposite }),
      ...(options.hideFrom === undefined ? {} : { hideFrom: options.hideFrom }),
      ...(options.positional === undefined ? {} : { positional: options.positional }),
      ...(options.observed === undefined ? {} : { observed: options.observed }),
    })
  }

  async function run(direction: 'up' | 'undo', more: Partial<StashingOptions> = {}): Promise<StashReport> {
    return withClient(async (client) => {
      const around = stashing({
        migration,
        direction,
        plan: await plan(client, direction),
        budgetBytes: 100_000_000,
        now: new Date(),
        ...more,
      })
      await runStep(client, steps[direction], around.watcher, around.frame)
      return around.report()
    })
  }

  async function withClient<T>(work: (client: StepClient) => Promise<T>): Promise<T> {
    if (options.client !== undefined) return work(options.client)
    const client = await pool.connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  }

  return {
    up: (more) => run('up', more),
    undo: (more) => run('undo', more),
    plan: (direction) => withClient((client) => plan(client, direction)),
  }
}

/** All rows of a table, as text, in any order. */
export async function rowsOfTable(pool: StepClient, table: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ row: string }>(`select one::text as row from ${table} as one order by 1`)
  return rows.map(({ row }) => row)
}
