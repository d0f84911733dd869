import type { History, Migration, Step, Tool } from '../migration.ts'
import type { Folder } from './folder.ts'

export type Found = { readonly migrations: readonly Migration[]; readonly history?: History }

/** How the migrations of one tool are recognised and read. */
export type Format = {
  readonly tool: Tool
  /** Its layout in one line, for the message of someone whose folder was not recognised. */
  readonly looks: string
  /** @returns how many of the folder's entries are surely this tool's; 0 when it is not one of its folders */
  count(folder: Folder): Promise<number>
  /** In the tool's own order. What is wrong is noted in `folder.problems`. */
  read(folder: Folder): Promise<Found>
}

export const sqlStep = (sql: string, file: string, transaction: 'auto' | 'none' = 'auto'): Step => ({
  kind: 'sql',
  sql,
  file,
  transaction,
})
