import type { StepClient } from '../migration.ts'
import type { NamesNow } from './kept.ts'
import type { Entry } from './registry.ts'
import type { Sorted } from './sort-out.ts'
import { identifier, quoted } from './text-form.ts'
import type { Table } from './world.ts'

/** A table that gets its rows back. */
export type Work = {
  readonly entry: Entry
  readonly table: Table
  readonly names: NamesNow
  readonly sorted: Sorted
  readonly failures: Map<string, string>
  inserted: number
  updated: number
}

/** Rows that did not fit, or not yet. */
export const hasFailed = ({ failures, sorted }: Work): boolean => sorted.insert.some((id) => failures.has(id))

/** An identity that is always generated takes a value of old only while it is not. */
export async function settable<T>(
  client: StepClient,
  table: Table,
  columns: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const set = async (how: string): Promise<void> => {
    for (const column of columns) {
      await client.query(`alter table ${quoted(table)} alter column ${identifier(column)} set generated ${how}`)
    }
  }
  if (columns.length > 0) await client.query('set constraints all immediate')
  await set('by default')
  const result = await work()
  await set('always')
  return result
}
