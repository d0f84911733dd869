import { createHash } from 'node:crypto'
import type { StepClient } from '../migration.ts'
import { hiddenPrefix } from '../sql/hidden-name.ts'
import { hashesSql, listsSql } from './image-sql.ts'
import { parseRow } from './parse-row.ts'
import type { RowImage, TableImage } from './row-image.ts'

/** Rows of a table that are kept one by one; of larger tables only the count and the hashes. */
const mostRowsListed = 5_000
/** Longer values are kept as their beginning and a hash. */
const longestText = 120

/**
 * Takes the image of all rows of a database: in one round trip, and one more where tables are large. The caller's
 * transaction and settings stay as they are.
 *
 * @param options.values - `hash` keeps no value that could be read, for real rows; `text` unless told
 * @param options.mostRows - rows of one table that are kept one by one; 5,000 unless told
 */
export async function imageRows(
  client: StepClient,
  options: { readonly ignore?: readonly string[]; readonly values?: 'text' | 'hash'; readonly mostRows?: number } = {},
): Promise<RowImage> {
  const mostRows = options.mostRows ?? mostRowsListed
  const ignore = ['sankofa', 'sankofa_stash', ...(options.ignore ?? [])]
  const answers = await ask(client, listsSql(ignore, mostRows))
  const found = answers.filter((row): row is Found => 'label' in row)
  const lists = Map.groupBy(
    answers.filter((row): row is FoundRow => 'row' in row),
    ({ tab }) => tab,
  )
  const large = found.filter(({ tab }) => (lists.get(tab)?.length ?? 0) > mostRows)
  const hashes = large.length === 0 ? [] : (await ask(client, hashesSql(large))).filter(isHashed)
  const bySource = new Map(hashes.map((hashed) => [hashed.source, hashed]))
  const keep = options.values === 'hash' ? digest : shorten
  const tables = found.map((table) => toTable(table, lists.get(table.tab) ?? [], bySource.get(table.source), keep))
  return { tables: tables.sort((a, b) => (a.table < b.table ? -1 : 1)), shown: options.values !== 'hash' }
}

type Found = {
  readonly tab: string
  readonly label: string
  readonly source: string
  readonly key: readonly string[] | null
  readonly names: readonly string[] | null
  readonly types: readonly string[] | null
}
type FoundRow = { readonly tab: string; readonly row: string }
type Hashed = {
  readonly source: string
  readonly rows: string
  readonly hashes: readonly (readonly [hash: string, nulls: number])[]
}

const isHashed = (row: object): row is Hashed => 'hashes' in row

/** The rows of all statements of a message. */
async function ask(client: StepClient, sql: string): Promise<readonly object[]> {
  const results = (await client.query(sql)) as unknown as readonly { readonly rows: readonly object[] }[]
  return results.flatMap(({ rows }) => rows)
}

function toTable(
  found: Found,
  rows: readonly FoundRow[],
  hashed: Hashed | undefined,
  keep: (text: string) => string,
): TableImage {
  const all = (found.names ?? []).map((name, place) => ({ name, type: found.types?.[place] ?? '' }))
  const isSeen = (_: unknown, place: number): boolean => all[place]?.name.startsWith(hiddenPrefix) === false
  const columns = all.filter(isSeen)
  const common = { table: found.label, columns, key: found.key ?? [] }
  if (hashed !== undefined) {
    return {
      ...common,
      rows: Number(hashed.rows),
      hashes: hashed.hashes.filter(isSeen).map(([hash, nulls]) => ({ hash, nulls })),
    }
  }
  const list = rows.map(({ row }) =>
    parseRow(row, all.length)
      .filter(isSeen)
      .map((text) => (text === null ? null : keep(text))),
  )
  return { ...common, rows: list.length, list }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)

const shorten = (text: string): string =>
  text.length <= longestText ? text : `${text.slice(0, longestText / 2)}… (${text.length} characters, ${digest(text)})`
