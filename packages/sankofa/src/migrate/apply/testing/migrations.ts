import type { CodeStep, Migration, MigrationSet, SqlStep } from '../../migration.ts'

/** A step as if it had been read from a file. */
export const sql = (text: string, transaction: 'auto' | 'none' = 'auto'): SqlStep => ({
  kind: 'sql',
  sql: text,
  file: 'up.sql',
  transaction,
})

export const code = (run: CodeStep['run'], transaction = true): CodeStep => ({
  kind: 'code',
  run,
  source: run.toString(),
  transaction,
})

export function migration(
  id: string,
  up: string | Migration['up'],
  undo?: string | Migration['up'],
  more: Partial<Migration> = {},
): Migration {
  const step = (given: string | Migration['up']): Migration['up'] => (typeof given === 'string' ? sql(given) : given)
  return { id, group: id, up: step(up), ...(undo === undefined ? {} : { undo: step(undo) }), ...more }
}

export const setOf = (...migrations: readonly Migration[]): MigrationSet => ({
  tool: 'sankofa',
  directory: 'migrations',
  migrations,
})
