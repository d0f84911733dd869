import type { StepClient } from '../migration.ts'
import type { Unit } from '../sql/units.ts'
import { codeOf } from './attempts.ts'

export type PassedOver = { readonly statement: string; readonly reason: string }

/**
 * A connection on which an undo may name what was never made, because its migration was applied only in part: such a
 * statement is passed over and noted. Anything else fails as usual.
 */
export function tolerant(
  client: StepClient,
  units: readonly Unit[],
): { readonly client: StepClient; readonly passedOver: readonly PassedOver[] } {
  const passedOver: PassedOver[] = []
  const own = new Set(units.flatMap(({ statements }) => statements.map(({ sql }) => sql)))
  const aloneOnes = new Set(
    units.filter(({ transaction }) => !transaction).flatMap(({ statements }) => statements.map(({ sql }) => sql)),
  )
  const query = client.query.bind(client) as (...args: readonly unknown[]) => Promise<unknown>
  const watched = async (...args: readonly unknown[]): Promise<unknown> => {
    const [sql] = args
    if (typeof sql !== 'string' || !own.has(sql)) return query(...args)
    const savepoint = !aloneOnes.has(sql)
    if (savepoint) await query('savepoint sankofa_partial')
    try {
      const answer = await query(sql)
      if (savepoint) await query('release savepoint sankofa_partial')
      return answer
    } catch (error) {
      if (!isNotThere(error)) throw error
      if (savepoint) await query('rollback to savepoint sankofa_partial')
      passedOver.push({ statement: sql, reason: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }
  return { client: { query: watched as StepClient['query'] }, passedOver }
}

/** Undefined table, column, object, function, schema. */
const isNotThere = (error: unknown): boolean => ['42P01', '42703', '42704', '42883', '3F000'].includes(codeOf(error))
