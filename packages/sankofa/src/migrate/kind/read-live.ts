import type { Catalogue } from '../catalogue/catalogue.ts'
import { hashCatalogue } from '../catalogue/hash-catalogue.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import type { MigrationSet, StepClient } from '../migration.ts'
import { withoutRoles } from './without-roles.ts'

export type Live = {
  readonly catalogue: Catalogue
  /** As `server_version` has it. */
  readonly version: string
  /** What a proof for this database holds for. */
  readonly base: string
}

/** The schema as it is where a migration will run, without the tool's own tables, and without roles. */
export async function readLive(client: StepClient, set: MigrationSet): Promise<Live> {
  const { rows } = await client.query<{ version: string }>(`select current_setting('server_version') as version`)
  const version = rows[0]?.version.split(' ')[0] ?? ''
  const catalogue = withoutRoles(await readCatalogue(client, { ignore: set.history?.tables ?? [] }))
  return { catalogue, version, base: `PostgreSQL ${version}, schema ${hashCatalogue(catalogue).slice(0, 16)}` }
}
