import type { StepClient } from '../migration.ts'
import type { Kept, KeptSequence } from './kept.ts'
import { quoted } from './text-form.ts'
import type { Table } from './world.ts'

/** No sequence hands out again what it had handed out before the opposite step. */
export async function putSequencesBack(client: StepClient, kept: Kept, table: Table): Promise<void> {
  for (const sequence of kept.sequences) {
    if (!sequence.called) continue
    const now = await sequenceNow(client, sequence, table)
    if (now === undefined) continue
    await client.query(
      `select pg_catalog.setval($1::regclass, $2::int8, true)
         from ${now} as sequence
        where case when $3::int8 > 0 then sequence.last_value < $2::int8 or (sequence.last_value = $2::int8 and not sequence.is_called)
                   else sequence.last_value > $2::int8 or (sequence.last_value = $2::int8 and not sequence.is_called) end`,
      [now, sequence.last, sequence.increment],
    )
  }
}

/** The one of the same column, which may have been made anew under another name; else of the same name. */
async function sequenceNow(
  client: StepClient,
  { schema, name, column }: KeptSequence,
  table: Table,
): Promise<string | undefined> {
  const there = column !== null && table.columns.some((each) => each.name === column)
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select namespace.nspname as schema, sequence.relname as name
       from pg_catalog.pg_class as sequence
       join pg_catalog.pg_namespace as namespace on namespace.oid = sequence.relnamespace
      where sequence.relkind = 'S'
        and sequence.oid = coalesce(case when $1::boolean then pg_catalog.pg_get_serial_sequence($2, $3)::regclass end,
                                    pg_catalog.to_regclass($4))`,
    [there, quoted(table), column ?? '', quoted({ schema, name })],
  )
  const found = rows[0]
  return found === undefined ? undefined : quoted(found)
}
