import type { StepClient } from '../migration.ts'
import { isAboutRow } from './failure.ts'

export type Failure = { readonly id: string; readonly reason: string }

// Halving finds each bad row in about log2 (rows) tries. When this many are bad, something is wrong with all of them.
const mostFailures = 500

/**
 * Does something with many rows at once; where a row is refused, with all others, and says which are left.
 *
 * @param ids - of the rows
 */
export async function tolerantly(
  client: StepClient,
  ids: readonly string[],
  work: (ids: readonly string[]) => Promise<void>,
): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  const attempt = async (some: readonly string[]): Promise<void> => {
    if (some.length === 0) return
    const last = failures.at(-1)
    if (failures.length >= mostFailures && last !== undefined) {
      failures.push(...some.map((id) => ({ id, reason: last.reason })))
      return
    }
    await client.query('savepoint sankofa_some')
    try {
      await work(some)
      await client.query('release savepoint sankofa_some')
    } catch (error) {
      if (!isAboutRow(error)) throw error
      await client.query('rollback to savepoint sankofa_some; release savepoint sankofa_some')
      const half = Math.ceil(some.length / 2)
      if (some.length === 1) {
        failures.push({ id: some[0] ?? '', reason: error instanceof Error ? error.message : String(error) })
      } else {
        await attempt(some.slice(0, half))
        await attempt(some.slice(half))
      }
    }
  }
  await attempt(ids)
  return failures
}
