import type { StepClient } from '../migration.ts'
import type { RowImage } from './row-image.ts'

/**
 * Takes the image of all rows in one round trip.
 *
 * @param options.values - `hash` keeps no value, for real rows; `text` unless told
 */
export async function imageRows(
  _client: StepClient,
  _options: { readonly ignore?: readonly string[]; readonly values?: 'text' | 'hash' } = {},
): Promise<RowImage> {
  return { tables: [] }
}
