import type { Keep } from './stash-plan.ts'
import { identifier, quoted } from './text-form.ts'
import type { Table } from './world.ts'

/** What the registry remembers of a table that it keeps rows of. Never values. */
export type Kept = {
  readonly schema: string
  readonly name: string
  readonly oid: string
  /** Columns of the stash `v1`, `v2`, … hold these, as text. */
  readonly columns: readonly string[]
  readonly columnNumbers: readonly number[]
  readonly key: readonly string[]
  readonly keyNumbers: readonly number[]
  readonly knownBy: Keep['knownBy']
  /** Every column is kept, so that a row that is gone can come back. */
  readonly all: boolean
  readonly sequences: readonly KeptSequence[]
  /** Columns that only a trigger writes while the step and its opposite run. */
  readonly byTrigger?: readonly string[]
  /** `filled`: it was tried out with the kept values put into re-added columns; `no`: rows are compared by their hashes. */
  readonly rehearsed: 'yes' | 'filled' | 'no'
  /** Without a trial: it has been written down which rows and values were written since. */
  readonly noted?: true
  /** Rows that the undo leaves in place of kept ones: known by no key, they are told only all together. */
  readonly spares: boolean
  /** Nothing was copied: the columns, or the whole table, still lie in the database under another name. */
  readonly instant?: { readonly how: 'hide'; readonly columns: readonly HiddenColumn[] } | { readonly how: 'move' }
}

/** An entry of the registry of which nothing was copied, or is to be. */
export type Instant = { readonly id: bigint; readonly kept: Kept }

/** What one of `columns` is called while it is hidden. */
export type HiddenColumn = { readonly name: string; readonly notNull: boolean }

export type KeptSequence = {
  readonly schema: string
  readonly name: string
  /** The column whose values it hands out, where it has one. */
  readonly column: string | null
  readonly last: string
  readonly called: boolean
  readonly increment: string
}

export const stashSchema = 'sankofa_stash'
export const stashTable = (id: bigint): string => `${stashSchema}.s${id}`
/** All rows as they were, until it is known which of them have to be kept. */
export const captureTable = (id: bigint): string => `${stashSchema}.c${id}`
/** A table that a step has dropped, with its rows. */
export const movedTable = (id: bigint): string => `${stashSchema}.m${id}`
export const workTable = (id: bigint): string => `${stashSchema}.w${id}`

/** What SQL needs of a table to read its rows. */
export type Place = Pick<Table, 'schema' | 'name' | 'kind'>

/** What a column that is gone is called here. */
export type NamesNow = {
  readonly columns: readonly (string | undefined)[]
  readonly key: readonly (string | undefined)[]
}

/** By name: what the undo has made anew. */
export function namesByName(table: Table, kept: Kept): NamesNow {
  const there = new Set(table.columns.map(({ name }) => name))
  const find = (name: string): string | undefined => (there.has(name) ? name : undefined)
  return { columns: kept.columns.map(find), key: kept.key.map(find) }
}

/** By number: follows what a step has renamed. */
export function namesByNumber(table: Table, kept: Kept): NamesNow {
  const find = (number: number): string | undefined => table.columns.find((column) => column.number === number)?.name
  return { columns: kept.columnNumbers.map(find), key: kept.keyNumbers.map(find) }
}

/**
 * A query for the rows of a table as they are now: `place` and `part` (where it lies), `key`, `n` (which of several with
 * that key), `v1`, `v2`, …
 *
 * @returns `undefined` when a column of the key is gone
 */
export function rowsNow(
  table: Place,
  names: NamesNow,
  knownBy: Keep['knownBy'],
  extra: readonly string[] = [],
): string | undefined {
  const key = names.key.map((name) => (name === undefined ? undefined : `one.${identifier(name)}::text`))
  if (key.includes(undefined)) return undefined
  const keys = `array[${key.join(', ')}]::text[]`
  const values = names.columns.map(
    (name, index) => `${name === undefined ? 'null' : `one.${identifier(name)}`}::text as v${index + 1}`,
  )
  // Of rows with equal keys, the same one comes first before and after they were written: by what they hold.
  const order = names.columns.flatMap((name) => (name === undefined ? [] : [`one.${identifier(name)}::text`]))
  const n =
    knownBy === 'key'
      ? '1::bigint'
      : `row_number() over (partition by ${keys} order by ${[...order, 'one.tableoid', 'one.ctid'].join(', ')})`
  return `select one.ctid as place, one.tableoid as part, ${[`${keys} as key`, `${n} as n`, ...values, ...extra].join(', ')}
            from ${rowsOf(table)} as one`
}

/** Rows of a partitioned table lie in its partitions; those of tables that inherit are theirs. */
export const rowsOf = (table: Place): string => (table.kind === 'p' ? quoted(table) : `only ${quoted(table)}`)

/** Adds up the hashes of all rows: whatever order they lie in. */
export const checksumOf = (table: string): string => `
  select count(*)::text || ':' || coalesce(sum(('x' || substr(hashed.md5, 1, 16))::bit(64)::bigint::numeric), 0)::text
                        || ':' || coalesce(sum(('x' || substr(hashed.md5, 17, 16))::bit(64)::bigint::numeric), 0)::text
    from (select pg_catalog.md5(stashed::text) as md5 from ${table} as stashed) as hashed`

/** Hashes of how a row is now, of a query of `rowsNow`: for values, `null` where the column is gone. */
export const keepHashes = {
  row: 'pg_catalog.md5(one::text) as whole',
  values: (names: readonly (string | undefined)[]): string =>
    `array[${names
      .map((name, index) => (name === undefined ? 'null' : `coalesce(pg_catalog.md5(now.v${index + 1}), '-')`))
      .join(', ')}]::text[]`,
}

/** Instead of what the undo makes of a value: a trigger makes it, and makes it another each time, such as the time. */
export const triggers = '?'

/** Instead of what the undo makes of a row's values: it makes another row that takes its place. */
export const standIn = 'stand-in'

/** Unique columns other than the key, all of them kept. */
export const uniquesOf = (kept: Kept, table: Table): readonly (readonly string[])[] =>
  table.uniques.filter(
    (unique) => unique.every((name) => kept.columns.includes(name)) && !kept.key.every((name) => unique.includes(name)),
  )
