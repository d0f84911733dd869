import type { RangeVar } from 'libpg-query'
import pg from 'pg'

/** A name as SQL writes it, from the syntax tree. */
export const nameOf = (parts: readonly (string | undefined)[]): string =>
  parts.flatMap((part) => (part === undefined || part === '' ? [] : [pg.escapeIdentifier(part)])).join('.')

export const relationName = (relation: RangeVar | undefined): string =>
  nameOf([relation?.schemaname, relation?.relname])
