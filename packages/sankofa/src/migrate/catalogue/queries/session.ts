/**
 * Settings under which PostgreSQL writes definitions down: names qualified, constants in one form. Without them the same
 * schema would read differently in two sessions.
 */
const wanted: Readonly<Record<string, string>> = {
  search_path: '',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  quote_all_identifiers: 'off',
  // The queries are many and small: compiling one costs more than running all of them.
  jit: 'off',
  // The joins are written in a good order: searching for a better one costs as much as running them.
  join_collapse_limit: '1',
}

const names = Object.keys(wanted)

/** Local to the transaction; outside of one, to the round trip. What was set before is kept for `restore`. */
export const forEveryReader: readonly string[] = [
  `select set_config('sankofa.kept', json_build_object(${names.map((name) => `'${name}', current_setting('${name}')`).join(', ')})::text, true)`,
  `select ${names.map((name) => `set_config('${name}', '${wanted[name] ?? ''}', true)`).join(', ')}`,
]

/** Inside the caller's transaction the settings would otherwise stay until its end. */
export const restore: readonly string[] = [
  `select ${names.map((name) => `set_config('${name}', current_setting('sankofa.kept')::json ->> '${name}', true)`).join(', ')}`,
]
