import type { StepClient } from '../migration.ts'
import { insertSql, insertTogetherSql, sequencesSql } from './insert-sql.ts'
import type { GroupPlan } from './plan-group.ts'
import { literal, type Table } from './table.ts'

export type SentPlans = {
  readonly taken: readonly { readonly table: Table; readonly rows: number; readonly reason: string }[]
  /** The first group that was refused, or for which no row was found; those before it are in. */
  readonly failed?: number
}

/**
 * Sends the plans of many groups as one message, so that a whole schema costs one round trip.
 *
 * @param opening - statements before all others
 * @param closing - statements after them, when every group was taken
 */
export async function sendPlans(
  client: StepClient,
  plans: readonly GroupPlan[],
  opening: readonly string[],
  closing: readonly string[],
): Promise<SentPlans> {
  const unplanned = plans.findIndex((plan) => plan.some(({ rows }) => rows.length === 0))
  const sent = unplanned < 0 ? plans : plans.slice(0, unplanned)
  // What a trigger inserts takes its numbers from the same sequences: they are moved on before the first row.
  const statements = [
    ...opening,
    'set constraints all immediate',
    ...sent.flat().flatMap(({ table, rows }) => sequencesSql(table, rows)),
  ]
  const places: number[] = []
  for (const [place, plan] of sent.entries()) {
    const [first] = plan
    if (first === undefined) continue
    statements.push(`set local sankofa.place = ${literal(String(place))}`, 'savepoint sankofa_group')
    places.push(statements.length)
    statements.push(plan.length === 1 ? insertSql(first.table, first.rows) : insertTogetherSql(plan))
    statements.push('release savepoint sankofa_group')
  }
  if (unplanned < 0) statements.push(...closing)
  try {
    const results = (await client.query(statements.join(';\n'))) as unknown
    const taken = Array.isArray(results)
      ? sent.flatMap((plan, place) => countsOf(plan, results[places[place] ?? 0]))
      : []
    return { taken, ...(unplanned >= 0 && { failed: unplanned }) }
  } catch (error) {
    if (!isRefusal(error)) throw error
    await client.query('rollback to savepoint sankofa_group')
    const { rows } = await client.query<{ readonly place: string }>(
      "select pg_catalog.current_setting('sankofa.place') as place",
    )
    const failed = Number(rows[0]?.place ?? 0)
    const taken = sent.slice(0, failed).flat()
    return { taken: taken.map((plan) => ({ table: plan.table, rows: plan.rows.length, reason: '' })), failed }
  }
}

function countsOf(plan: GroupPlan, result: unknown): SentPlans['taken'] {
  const { rowCount, rows } = result as {
    readonly rowCount: number | null
    readonly rows: readonly Readonly<Record<string, number>>[]
  }
  return plan.map(({ table }, place) => {
    const added = plan.length === 1 ? (rowCount ?? 0) : (rows[0]?.[String(place)] ?? 0)
    return { table, rows: added, reason: 'A trigger or a rule put every row aside.' }
  })
}

/** The server's answer to a row; not a lost connection, a shutdown, a full disk. */
function isRefusal(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(08|42601|53|57|58|XX)/.test(code)
}
