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
const settings = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  row_security: 'off',
}

/** Runs `work` in an open transaction with settings under which every value's text is exact, and puts them back. */
export async function withExactText<T>(client: StepClient, work: (stamps: Stamps) => Promise<T>): Promise<T> {
  const names = Object.keys(settings)
  const before = await client.query<Record<string, string>>(
    `select ${names.map((name) => `current_setting('${name}') as "${name}"`).join(', ')}`,
  )
  const put = (values: Readonly<Record<string, string>>, except: readonly string[] = []): string =>
    `select ${names
      .filter((name) => !except.includes(name))
      .map((name) => `set_config('${name}', ${literal(values[name] ?? '')}, true)`)
      .join(', ')}`
  await client.query(put(settings, ['TimeZone']))
  const stampsOf = `select array[now()::timestamptz::text, now()::timestamp::text, now()::date::text, now()::time::text, now()::timetz::text] as stamps`
  const local = await client.query<{ stamps: readonly string[] }>(stampsOf)
  await client.query(put(settings))
  const utc = await client.query<{ stamps: readonly string[] }>(stampsOf)
  const result = await work([...new Set([...(local.rows[0]?.stamps ?? []), ...(utc.rows[0]?.stamps ?? [])])])
  await client.query(put(before.rows[0] ?? {}))
  return result
}

/** A value's text, made short. `-`: null; `@`: what `now()` is in this transaction, which nobody else has written. */
export const shortForm = (text: string, stamps: Stamps): string =>
  `case when ${text} is null then '-' when ${text} in (${stamps.map(literal).join(', ')}) then '@' else pg_catalog.md5(${text}) end`
