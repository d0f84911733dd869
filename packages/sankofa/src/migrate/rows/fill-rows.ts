import type { StepClient } from '../migration.ts'
import type { Filled, FillOptions } from './filled.ts'

/**
 * Adds rows to every table of a shadow database so that every constraint holds; rows already there are kept. Views and
 * foreign tables are left alone. As superuser.
 */
export async function fillRows(_client: StepClient, _options: FillOptions): Promise<Filled> {
  return { tables: [], empty: [] }
}

/**
 * What the new release would write after up: new rows in every table through the schema as it is now, different from
 * those of `fillRows`.
 *
 * @param options.touch - also alters one existing row a table, in a column that nothing depends on
 */
export async function writeRows(
  client: StepClient,
  options: FillOptions & { readonly touch?: boolean },
): Promise<Filled> {
  return fillRows(client, options)
}
