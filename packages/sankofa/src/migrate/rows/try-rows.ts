import type { StepClient } from '../migration.ts'
import { insertSql } from './insert-sql.ts'
import type { Row } from './rule.ts'
import { literal, type Table } from './table.ts'

/** What the server said to one row. */
export type Outcome = {
  readonly rows: number
  readonly code?: string
  readonly message?: string
  readonly constraint?: string
  readonly column?: string
}

/**
 * Offers rows one by one, each in a subtransaction, until enough are taken: in one round trip, however many are refused.
 *
 * @returns one outcome for each row that was offered, in their order
 */
export async function tryRows(
  client: StepClient,
  table: Table,
  rows: readonly Row[],
  enough: number,
): Promise<readonly Outcome[]> {
  const statements = rows.map((row) => literal(insertSql(table, [row])))
  const body = `
    declare
      statement text;
      outcomes jsonb := '[]';
      taken int := 0;
      added int;
      problem_code text; problem text; problem_constraint text; problem_column text;
    begin
      foreach statement in array array[${statements.join(', ')}]::text[] loop
        begin
          execute statement;
          get diagnostics added = row_count;
          taken := taken + added;
          outcomes := outcomes || pg_catalog.jsonb_build_object('rows', added);
        exception when others then
          get stacked diagnostics problem_code = returned_sqlstate, problem = message_text,
            problem_constraint = constraint_name, problem_column = column_name;
          outcomes := outcomes || pg_catalog.jsonb_build_object('rows', 0, 'code', problem_code, 'message', problem,
            'constraint', problem_constraint, 'column', problem_column);
        end;
        exit when taken >= ${enough};
      end loop;
      perform pg_catalog.set_config('sankofa.outcomes', outcomes::text, true);
    end`
  await client.query(`do ${literal(body)}`)
  const { rows: found } = await client.query<{ readonly outcomes: readonly Outcome[] }>(
    "select pg_catalog.current_setting('sankofa.outcomes')::json as outcomes",
  )
  return found[0]?.outcomes ?? []
}
