import type pg from 'pg'
import { SankofaError } from '../../core/index.ts'
import { bootstrap, createPool } from '../../db/index.ts'
import type { RecordedStatement } from '../../observe/index.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import { type Group, groupsOf } from '../group.ts'
import type { MigrationSet } from '../migration.ts'
import type { Filled } from '../rows/filled.ts'
import { runStep } from '../run/run-step.ts'
import { type Shadow, type ShadowDatabase, withShadow } from '../shadow/shadow.ts'
import { stoppedByTimeLimit } from '../shadow/time-limit.ts'
import type { TableSize } from '../watch/predict-blocking.ts'
import type { MigrationProof } from './proof.ts'
import { proveGroup } from './prove-group.ts'

export type ProveOptions = {
  /** First and last group to prove; all unless told. */
  readonly from?: string
  readonly to?: string
  /** Only the last so many, of those. */
  readonly last?: number
  /** A server on which everything may be done; the embedded one unless told. */
  readonly shadowUrl?: string
  /** For each statement on the shadow; five minutes unless told. */
  readonly statementTimeoutMs?: number
  readonly statements?: readonly RecordedStatement[]
  readonly sizes?: ReadonlyMap<string, TableSize>
  readonly sample?: (client: pg.Client) => Promise<Filled>
  readonly now?: () => number
  /** Major version of the server on which a derived undo must run too; that of the shadow unless told. */
  readonly runsOn?: number
  /** Told of each proof as it is made. */
  onProof?(proof: MigrationProof): void
  /** Told how far the schema before the first proof is built. */
  onBase?(done: number, of: number): void
}

export type ProveReport = {
  readonly postgres: string
  readonly proofs: readonly MigrationProof[]
  readonly tookMs: number
}

/**
 * Proves the undo of groups of migrations, one after another, each on the schema that those before it make. Touches
 * nothing but a shadow.
 *
 * @throws SankofaError `MIGRATION_GROUP_UNKNOWN` for a `from` or `to` that is not there, `MIGRATION_FAILED` where an earlier up cannot run
 */
export async function proveMigrations(set: MigrationSet, options: ProveOptions = {}): Promise<ProveReport> {
  const startedMs = performance.now()
  const groups = groupsOf(set.migrations)
  const { first, end } = rangeOf(groups, options)
  const { shadowUrl, statementTimeoutMs } = options
  const on = {
    ...(shadowUrl === undefined ? {} : { url: shadowUrl }),
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
  }
  return withShadow(on, async (shadow) => {
    const { base, ignore } = await buildBase(shadow, set, groups.slice(0, first), options.onBase)
    const { statements = [], sizes, sample, now = Date.now, runsOn } = options
    const proofs: MigrationProof[] = []
    for (const [index, group] of groups.slice(first, end).entries()) {
      const proof = await proveGroup(shadow, base, group, {
        ignore,
        statements,
        now,
        runsOn,
        ...(sizes === undefined ? {} : { sizes }),
        ...(sample === undefined ? {} : { sample }),
      })
      proofs.push(proof)
      options.onProof?.(proof)
      if (first + index + 1 < end) await advance(base, [group])
    }
    return { postgres: shadow.version, proofs, tookMs: performance.now() - startedMs }
  })
}

/** A database with the schema that these groups make. @returns `ignore`: the tool's own tables, which are no part of it */
export async function buildBase(
  shadow: Shadow,
  set: MigrationSet,
  groups: readonly Group[],
  onBase?: (done: number, of: number) => void,
): Promise<{ readonly base: ShadowDatabase; readonly ignore: readonly string[] }> {
  const base = await shadow.create()
  // The stash keeps its register there. No more than that: a migration may look for a table by its bare name.
  const pool = createPool({ url: base.url, max: 1, applicationName: 'sankofa-shadow' })
  await bootstrap(pool, { only: ['0009_stash'] }).finally(() => pool.end())
  const ignore = await withClient(base, async (client) => {
    // A migration may alter its tool's own table.
    await set.history?.ensure(client)
    const { objects } = await readCatalogue(client)
    return ['sankofa', 'sankofa_stash', ...objects.flatMap(({ kind, name }) => (kind === 'table' ? [name] : []))]
  })
  const { before } = set
  if (before !== undefined) await withClient(base, (client) => runStep(client, before))
  await advance(base, groups, onBase)
  return { base, ignore }
}

/** Brings a base further by the ups of these groups. */
export async function advance(
  base: ShadowDatabase,
  groups: readonly Group[],
  onBase?: (done: number, of: number) => void,
): Promise<void> {
  await withClient(base, async (client) => {
    for (const [index, group] of groups.entries()) {
      onBase?.(index, groups.length)
      for (const { id, up } of group.migrations) {
        await runStep(client, up).catch((cause: unknown) => {
          const { message = String(cause), statement = '' } = cause as { message?: string; statement?: string }
          const reason = stoppedByTimeLimit(cause) ?? message.replace(/\.$/, '')
          const left = 'The migrations from there on cannot be proved. Only a throw-away database was touched.'
          throw new SankofaError(
            'MIGRATION_FAILED',
            { migration: id, doing: 'up', statement: firstLine(statement), reason, left },
            { cause },
          )
        })
      }
    }
  })
}

async function withClient<T>(database: ShadowDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await database.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const firstLine = (sql: string): string => sql.split('\n')[0] ?? ''

function rangeOf(
  groups: readonly Group[],
  { from, to, last }: Pick<ProveOptions, 'from' | 'to' | 'last'>,
): { readonly first: number; readonly end: number } {
  const indexOf = (id: string): number => {
    const index = groups.findIndex((group) => group.id === id || group.migrations.some((one) => one.id === id))
    if (index === -1)
      throw new SankofaError('MIGRATION_GROUP_UNKNOWN', { group: id, known: groups.slice(-5).map((group) => group.id) })
    return index
  }
  const end = to === undefined ? groups.length : indexOf(to) + 1
  const first = from === undefined ? 0 : indexOf(from)
  if (from !== undefined && to !== undefined && first >= end)
    throw new SankofaError('MIGRATIONS_NONE_BETWEEN', { from, to })
  return { first: last === undefined ? first : Math.max(first, end - last), end }
}
