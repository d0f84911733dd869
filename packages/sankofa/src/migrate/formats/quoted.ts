/** An identifier as SQL. */
export const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/** A table's name as SQL, in its schema where there is one. */
export const quotedTable = (table: string, schema: string | undefined): string =>
  schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`
