/** Who applies; the first is the measure of the others. */
export const contestants = ['plain', 'plain-again', 'sankofa', 'dbmate', 'node-pg-migrate'] as const
export type Contestant = (typeof contestants)[number]

export const says: Readonly<Record<Contestant, string>> = {
  plain: 'loop over pg: begin, the file, a row of history, commit; one transaction a migration',
  'plain-again': 'the same a second time: the noise of this machine',
  sankofa:
    "openMigrator().upAll() into a database without Sankofa's schema, which it makes first; one transaction each",
  dbmate: 'its program, start included; one transaction a migration',
  'node-pg-migrate': 'its runner, without the start of its CLI; all in one transaction, which is its default',
}

/** Tables in which they keep what they have applied; Sankofa's are in a schema of their own. */
export const historyTables = ['history', 'schema_migrations', 'pgmigrations'] as const
