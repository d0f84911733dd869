import pg from 'pg'

/** A table's name as SQL, in its schema where there is one. */
export const quotedTable = (table: string, schema: string | undefined): string =>
  [...(schema === undefined ? [] : [schema]), table].map((name) => pg.escapeIdentifier(name)).join('.')
