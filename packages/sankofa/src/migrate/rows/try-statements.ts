import type { StepClient } from '../migration.ts'
import { literal } from './table.ts'

/** What the server said to one statement. */
export type Outcome = {
  readonly rows: number
  readonly code?: string
  readonly message?: string
  readonly constraint?: string
  readonly column?: string
}

/**
 * Tries statements one by one, each in a subtransaction, until they have affected enough rows: in one round trip, however many
 * are refused.
 *
 * @returns one outcome for each statement that was tried, in their order
 */
export async function tryStatements(
  client: StepClient,
  statements: readonly string[],
  enough: number,
): Promise<readonly Outcome[]> {
  if (statements.length === 0) return []
  const body = `
    declare
      statement text;
      outcomes jsonb := '[]';
      taken bigint := 0;
      added bigint;
      problem_code text; problem text; problem_constraint text; problem_column text;
    begin
      foreach statement in array array[${statements.map(literal).join(', ')}]::text[] loop
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
