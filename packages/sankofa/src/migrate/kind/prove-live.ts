import type pg from 'pg'
import type { Clock } from '../../core/index.ts'
import { readStatements } from '../../observe/index.ts'
import { saveProof } from '../apply/proofs.ts'
import { readStatus } from '../apply/status.ts'
import { majorOf } from '../catalogue/as-known-to.ts'
import type { Difference } from '../catalogue/compare-catalogues.ts'
import { compareCatalogues } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import { type Group, groupsOf } from '../group.ts'
import type { MigrationSet } from '../migration.ts'
import type { MigrationProof } from '../prove/proof.ts'
import { proveGroup } from '../prove/prove-group.ts'
import { advance, buildBase } from '../prove/prove-migrations.ts'
import { withShadow } from '../shadow/shadow.ts'
import { readSizes } from '../watch/read-sizes.ts'
import { onConnection } from './on-connection.ts'
import { readLive } from './read-live.ts'
import { understoodThere } from './understood-there.ts'
import { withoutRoles } from './without-roles.ts'

export type ProvedLive = {
  readonly proof: MigrationProof
  /** What it holds for: the schema and the version of the live database, for the first of the groups. */
  readonly base: string
  /** The live schema is not what the migrations before make. */
  readonly drift: Difference | undefined
}

/**
 * Proves groups that follow one another for a live database: on the schema that the migrations before make, which must be
 * the live one, with its sizes and what its services send. The live database is read, and the proofs are kept in it.
 */
export async function proveLive(options: {
  readonly pool: pg.Pool
  readonly set: MigrationSet
  /** Neighbours, in order. */
  readonly groups: readonly Group[]
  readonly shadowUrl?: string
  readonly clock: Clock
  onProof?(proof: MigrationProof): void
}): Promise<readonly ProvedLive[]> {
  const { pool, set, groups, shadowUrl, clock, onProof } = options
  const [first] = groups
  if (first === undefined) return []
  const all = groupsOf(set.migrations)
  const before = all.slice(
    0,
    all.findIndex(({ id }) => id === first.id),
  )
  const { statements, sizes, live } = await onConnection(pool, async (client) => ({
    statements: await readStatements(client),
    sizes: await readSizes(client),
    live: await readLive(client, set),
  }))
  const status = await readStatus(pool, set)
  const applied = new Set(status.flatMap(({ group, state }) => (state === 'applied' ? [group] : [])))
  return withShadow(shadowUrl === undefined ? {} : { url: shadowUrl }, async (shadow) => {
    const { base, ignore } = await buildBase(shadow, set, before)
    const expected = await readShadow(base, ignore)
    // Where an earlier one is still missing, the live schema is not the one that this group will meet.
    // Where it is applied itself, the live one is the one after it.
    const isNext = before.every(({ id }) => applied.has(id)) && !applied.has(first.id)
    const { differences } = compareCatalogues(withoutRoles(expected), live.catalogue)
    const drift = isNext ? differences.find(({ weight }) => weight === 'differs') : undefined
    const proved: ProvedLive[] = []
    for (const group of groups) {
      const made = await proveGroup(shadow, base, group, {
        ignore,
        statements,
        sizes,
        now: () => clock.now(),
        runsOn: majorOf(live.catalogue),
      })
      const proof = sameMajor(shadow.version, live.version)
        ? made
        : await onConnection(pool, (client) => understoodThere(client, live.version, group, made))
      const onBase = group === first && isNext ? live.base : proof.base
      onProof?.(proof)
      await onConnection(pool, (client) =>
        saveProof(client, { digest: proof.digest, base: onBase, group: group.id, postgres: live.version, proof }),
      )
      proved.push({ proof, base: onBase, drift: group === first ? drift : undefined })
      if (group !== groups.at(-1)) await advance(base, [group])
    }
    return proved
  })

  async function readShadow(database: Awaited<ReturnType<typeof buildBase>>['base'], ignore: readonly string[]) {
    const client = await database.connect()
    try {
      return await readCatalogue(client, { ignore })
    } finally {
      await client.end()
    }
  }
}

const sameMajor = (one: string, other: string): boolean => one.split('.')[0] === other.split('.')[0]
