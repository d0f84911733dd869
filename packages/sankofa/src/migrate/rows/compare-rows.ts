import type { RowComparison, RowImage } from './row-image.ts'

/**
 * Says what happened to the rows of `before`. Only columns that exist in both are compared, by the text of their values.
 *
 * @param options.newRows - `expected`: rows that were written in between are no difference
 */
export function compareRows(
  _before: RowImage,
  _after: RowImage,
  _options: { readonly newRows: 'expected' | 'unexpected' },
): RowComparison {
  return { same: true, differences: [], unchecked: [] }
}
