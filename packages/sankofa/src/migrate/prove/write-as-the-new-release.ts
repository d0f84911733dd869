import type pg from 'pg'
import { compareRows } from '../rows/compare-rows.ts'
import { writeRows } from '../rows/fill-rows.ts'
import { imageRows } from '../rows/image-rows.ts'
import type { RowComparison, RowDifference } from '../rows/row-image.ts'
import { settleSequences } from './sequence-positions.ts'

/** Any will do; the same one makes a proof repeatable. */
export const seed = 1
const newRowsPerTable = 2

/**
 * Writes rows through the schema that up has made.
 *
 * @returns `leaveOut`: takes out of a later comparison what the writing itself did to older rows, such as a counter that a
 *   trigger keeps
 */
export async function writeAsTheNewRelease(
  client: pg.Client,
  image: { readonly ignore: readonly string[]; readonly values: 'text' | 'hash' },
): Promise<{ leaveOut(comparison: RowComparison): RowComparison }> {
  const before = await imageRows(client, image)
  await writeRows(client, { rowsPerTable: newRowsPerTable, seed, ignore: image.ignore })
  await settleSequences(client, image.ignore)
  const { differences } = compareRows(before, await imageRows(client, image), { newRows: 'expected' })
  const byWriting = new Set(differences.map(place))
  return {
    leaveOut(comparison) {
      const left = comparison.differences.filter((difference) => !byWriting.has(place(difference)))
      return { ...comparison, differences: left, same: left.length === 0 }
    },
  }
}

const place = ({ table, column = '', kind }: RowDifference): string => `${kind} ${table} ${column}`
