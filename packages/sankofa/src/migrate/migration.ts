import type pg from 'pg'

/** What a step talks to: a client on which only `query` is used, so that what runs can be watched. */
export type StepClient = Pick<pg.ClientBase, 'query'>

/** SQL as its author wrote it. */
export type SqlStep = {
  readonly kind: 'sql'
  readonly sql: string
  /** Where it came from, for messages; absent when it was derived or read from the database. */
  readonly file?: string
  /** `none` when the tool's own marker says that it cannot run in a transaction; `auto`: the statements decide. */
  readonly transaction: 'auto' | 'none'
}

/** A module's function. What it does is known only when it runs. */
export type CodeStep = {
  readonly kind: 'code'
  run(client: StepClient): Promise<void>
  /** Text of the module: what the proof's hash covers. */
  readonly source: string
  readonly file?: string
  /** Does the tool run it in one transaction? */
  readonly transaction: boolean
}

export type Step = SqlStep | CodeStep

/** One migration as a tool knows it. */
export type Migration = {
  /** Its file's or folder's name; unique, and in this order. `History` turns it into what the tool's table has. */
  readonly id: string
  /** The change that it belongs to: several with one group are proved, applied and taken back as one. Its id unless told. */
  readonly group: string
  readonly up: Step
  /** Absent when none was written; an empty one means "nothing to do". */
  readonly undo?: Step
  /** A long move of data, in batches, after up and before the migration counts as applied: the text of `backfill.sql`. */
  readonly backfill?: string
}

/** The table in which a tool keeps what it has applied, so that the tool and Sankofa never disagree. */
export interface History {
  /** Its tables, as `schema.table`: they are no part of the schema that migrations make. */
  readonly tables: readonly string[]
  /** Creates it where it is missing, exactly as the tool would. */
  ensure(client: StepClient): Promise<void>
  /** Ids of what is applied; empty when the table is missing. */
  applied(client: StepClient): Promise<readonly string[]>
  /** In the transaction of the migration where it has one. */
  add(client: StepClient, migration: Migration): Promise<void>
  remove(client: StepClient, migration: Migration): Promise<void>
}

export const tools = [
  'sankofa',
  'prisma',
  'drizzle',
  'knex',
  'typeorm',
  'node-pg-migrate',
  'kysely',
  'sequelize',
  'diesel',
  'golang-migrate',
  'dbmate',
  'goose',
  'flyway',
  'loader',
] as const
export type Tool = (typeof tools)[number]

/** What was found in a folder, in the order in which the tool applies it. */
export type MigrationSet = {
  readonly tool: Tool
  readonly directory: string
  readonly migrations: readonly Migration[]
  /**
   * What others make before the first migration, such as the schema of a library: it is run on shadows, so that there is
   * something to build on, and never on a live database.
   */
  readonly before?: Step
  /** The tool's own; absent for our own format, which Sankofa keeps in `sankofa.migration`. */
  readonly history?: History
}
