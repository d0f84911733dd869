import type { StepClient } from '../migration.ts'
import { whereHidden } from './hide.ts'
import { type Instant, movedTable } from './kept.ts'
import { identifier, literal, quoted } from './text-form.ts'
import { triggerSwitches } from './triggers.ts'

/** A value that names a person; without a column, in whichever column it stands alone. */
export type SubjectMark = { readonly column?: string; readonly value: string }

/** A moved table loses a person's rows; a hidden column loses the values of theirs. @returns how many rows */
export async function eraseInstant(
  client: StepClient,
  { id, kept }: Instant,
  subject: readonly SubjectMark[],
): Promise<number> {
  if (kept.instant?.how === 'move') {
    const found = matches(await columnsOf(client, movedTable(id)), subject)
    if (found === '') return 0
    const { rowCount } = await client.query(`delete from ${movedTable(id)} as one where ${found}`)
    return rowCount ?? 0
  }
  const table = await whereHidden(client, kept)
  if (table === undefined || kept.instant === undefined) return 0
  const hidden = kept.instant.columns.map(({ name }) => name)
  const called = new Map(hidden.map((name, index) => [name, kept.columns[index] ?? name]))
  const columns = (await columnsOf(client, quoted(table))).map((column) => ({
    ...column,
    name: called.get(column.own) ?? column.own,
  }))
  const found = matches(columns, subject)
  if (found === '') return 0
  const switches = await triggerSwitches(client, table.oid)
  const none = hidden.map((name) => `${identifier(name)} = null`).join(', ')
  const some = hidden.map(identifier).join(', ')
  // One message, one transaction: a trigger may write down elsewhere what is to be forgotten.
  const answers = (await client.query(
    `${switches === undefined ? '' : `${switches.off};`}
     update only ${quoted(table)} as one set ${none} where num_nonnulls(${some}) > 0 and (${found});
     ${switches?.on ?? 'select 1'}`,
  )) as unknown as readonly { readonly command: string; readonly rowCount: number | null }[]
  return answers.find(({ command }) => command === 'UPDATE')?.rowCount ?? 0
}

type Named = { readonly own: string; readonly name: string }

async function columnsOf(client: StepClient, table: string): Promise<readonly Named[]> {
  const { rows } = await client.query<{ own: string }>(
    `select attribute.attname as own from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = pg_catalog.to_regclass($1) and attribute.attnum > 0 and not attribute.attisdropped`,
    [table],
  )
  return rows.map(({ own }) => ({ own, name: own }))
}

const matches = (columns: readonly Named[], subject: readonly SubjectMark[]): string =>
  subject
    .flatMap(({ column, value }) =>
      columns
        .filter(({ name }) => column === undefined || name === column)
        .map(({ own }) => `one.${identifier(own)}::text = ${literal(value)}`),
    )
    .join(' or ')
