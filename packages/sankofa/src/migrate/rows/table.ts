import type { Node } from 'libpg-query'

/** What a row of one table has to satisfy, as `read-tables.ts` reads it. */
export type Table = {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** As a person says it. */
  readonly label: string
  /** Quoted, for SQL. */
  readonly sql: string
  /** Not to be written: it only matters as what others refer to. */
  readonly ignored: boolean
  /** It has had rows: those that are there now are to be read. */
  readonly used: boolean
  readonly columns: readonly Column[]
  readonly checks: readonly Check[]
  readonly uniques: readonly Unique[]
  readonly references: readonly Reference[]
  readonly partitions?: readonly Check[]
}

export type Column = {
  /** 1-based, as constraints name it. */
  readonly number: number
  readonly name: string
  readonly type: Type
  readonly modifier: number
  readonly notNull: boolean
  readonly hasDefault: boolean
  /** Its value is computed: it is never written. */
  readonly generated: boolean
  readonly sequence?: Sequence
}

export type Sequence = { readonly name: string; readonly next: number; readonly step: number; readonly column: number }

/** A condition that must not be false, as its text and as PostgreSQL's parser reads it. */
export type Check = {
  readonly name: string
  readonly columns: readonly number[]
  readonly text: string
  readonly condition: Node
}

/** A unique or exclusion constraint, or a unique index. */
export type Unique = {
  readonly name: string
  /** Every column that it looks at, in its expressions and predicate too. */
  readonly columns: readonly number[]
  /** What must differ: a column, or an expression over columns. */
  readonly parts: readonly (number | Node)[]
  readonly predicate?: Node
  readonly nullsDistinct: boolean
  readonly primary: boolean
  /** Operators of an exclusion constraint, one a part. */
  readonly operators?: readonly string[]
}

export type Reference = {
  readonly name: string
  readonly columns: readonly number[]
  readonly to: number
  readonly toColumns: readonly number[]
  readonly full: boolean
}

type TypeCommon = { readonly oid: number; readonly schema: string; readonly name: string; readonly category: string }
export type Type = TypeCommon &
  (
    | { readonly kind: 'base' }
    | { readonly kind: 'array'; readonly of: Type }
    | { readonly kind: 'enum'; readonly labels: readonly string[] }
    | {
        readonly kind: 'domain'
        readonly of: Type
        readonly modifier: number
        readonly notNull: boolean
        readonly checks: readonly Check[]
      }
    | { readonly kind: 'range' | 'multirange'; readonly of: Type }
    | { readonly kind: 'composite'; readonly fields: readonly { readonly type: Type; readonly modifier: number }[] }
  )

/** The type behind domains. */
export function bare(type: Type): Exclude<Type, { kind: 'domain' }> {
  return type.kind === 'domain' ? bare(type.of) : type
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text as PostgreSQL reads it, whatever `standard_conforming_strings` says. */
export const literal = (text: string): string =>
  text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`
