import type { Statement } from './statement.ts'

/** A table as SQL names it; no schema where the search path decides. */
export type TableName = { readonly schema?: string; readonly name: string }

/** What statements destroy or write, by their text alone, in the names that held before the first of them. */
export type Effects = {
  readonly droppedTables: readonly TableName[]
  readonly droppedColumns: readonly { readonly table: TableName; readonly column: string }[]
  readonly retypedColumns: readonly { readonly table: TableName; readonly column: string }[]
  readonly droppedSchemas: readonly string[]
  /** Types and domains; also composite types that lose an attribute. */
  readonly droppedTypes: readonly TableName[]
  /** `columns` of an update whose targets are known; `all` else. */
  readonly updated: readonly { readonly table: TableName; readonly columns: readonly string[] | 'all' }[]
  readonly deleted: readonly TableName[]
  readonly truncated: readonly TableName[]
  readonly inserted: readonly TableName[]
  /** Functions that are called, by name: what they do is for the database to say. */
  readonly called: readonly TableName[]
  /** Why it cannot be known from the text; absent when it can. */
  readonly opaque?: string
}

export function effectsOf(_statements: readonly Statement[]): Effects {
  return {
    droppedTables: [],
    droppedColumns: [],
    retypedColumns: [],
    droppedSchemas: [],
    droppedTypes: [],
    updated: [],
    deleted: [],
    truncated: [],
    inserted: [],
    called: [],
  }
}
