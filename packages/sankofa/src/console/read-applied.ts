import type pg from 'pg'
import type { ChangeId } from '../core/index.ts'
import type { ChangeState } from '../journal/index.ts'

/** Which migrations that have not gone out are applied all the same: the journal does not tell, the database does. */
export async function readApplied(pool: pg.Pool, states: readonly ChangeState[]): Promise<ReadonlySet<ChangeId>> {
  const waiting = states.flatMap(({ kind, state, change, plan }) =>
    kind === 'migration' && (state === 'proposed' || state === 'proved') ? [{ change, group: groupOf(plan) }] : [],
  )
  if (waiting.length === 0) return new Set()
  const { rows } = await pool.query<{ group: string }>(
    `select migration.group_id as "group" from sankofa.migration as migration
      where migration.group_id = any ($1::text[])
      group by migration.group_id having bool_and(migration.state = 'applied')`,
    [waiting.map(({ group }) => group)],
  )
  const applied = new Set(rows.map(({ group }) => group))
  return new Set(waiting.flatMap(({ change, group }) => (applied.has(group) ? [change] : [])))
}

const groupOf = (plan: unknown): string => String((plan as { readonly group?: unknown } | null)?.group ?? '')
