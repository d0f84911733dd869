import pg from 'pg'
import type { StepClient } from '../migration.ts'

/** Schema and name as SQL takes them. */
export const quoted = (table: { readonly schema: string; readonly name: string }): string =>
  `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`

export const identifier = (name: string): string => pg.escapeIdentifier(name)
export const literal = (text: string): string => pg.escapeLiteral(text)

/** What the present transaction's `now()` looks like as text in the session's own time zone and in UTC. */
export type Stamps = readonly string[]

// With these, PostgreSQL reads back exactly what it wrote, whatever the session's own settings are. Row-level security
// raises an error instead of hiding rows.
export const exactText = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  array_nulls: 'on',
  row_security: 'off',
}

/** Runs `work` in an open transaction with settings under which every value's text is exact, and puts them back. */
export async function withExactText<T>(client: StepClient, work: (stamps: Stamps) => Promise<T>): Promise<T> {
  const names = Object.keys(exactText)
  const before = await client.query<Record<string, string>>(
    `select ${names.map((name) => `current_setting('${name}') as "${name}"`).join(', ')}`,
  )
  const put = (values: Readonly<Record<string, string>>, except: readonly string[] = []): string =>
    `select ${names
      .filter((name) => !except.includes(name))
      .map((name) => `set_config('${name}', ${literal(values[name] ?? '')}, true)`)
      .join(', ')}`
  await client.query(put(exactText, ['TimeZone']))
  const stampsOf = `select array[now()::timestamptz::text, now()::timestamp::text, now()::date::text, now()::time::text, now()::timetz::text] as stamps`
  const local = await client.query<{ stamps: readonly string[] }>(stampsOf)
  await client.query(put(exactText))
  const utc = await client.query<{ stamps: readonly string[] }>(stampsOf)
  const result = await work([...new Set([...(local.rows[0]?.stamps ?? []), ...(utc.rows[0]?.stamps ?? [])])])
  await client.query(put(before.rows[0] ?? {}))
  return result
}

/** What is remembered of a value that the undo would make: `-` for null; with `@`, it is this transaction's `now()`. */
export const remembered = (text: string, stamps: Stamps): string =>
  `case when ${text} is null then '-' else case when ${isStamp(text, stamps)} then '@' else '' end || pg_catalog.md5(${text}) end`

/**
 * Is a value what was remembered? `*` is anything: it says nothing of what was written. What was `now()` then may be that
 * value still, or `now()` again.
 */
export const isAs = (base: string, text: string, stamps: Stamps): string =>
  `(${base} = '*' or ${base} = coalesce(pg_catalog.md5(${text}), '-')
    or (${base} like '@%' and (${isStamp(text, stamps)} or ${base} = '@' || pg_catalog.md5(${text}))))`

const isStamp = (text: string, stamps: Stamps): string => `${text} in (${stamps.map(literal).join(', ')})`
