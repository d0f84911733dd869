import type { StepClient } from '../migration.ts'
import type { Sent, StepWatcher } from '../run/run-step.ts'

/** Lock modes of tables, weakest first, as `pg_locks` has them. */
export const lockModes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const
export type LockMode = (typeof lockModes)[number]

/** What one statement was seen to do to what was there before the step. */
export type Observed = {
  readonly sql: string
  readonly line: number | undefined
  readonly inTransaction: boolean
  readonly tookMs: number
  /** Newly taken on tables and materialised views; empty outside a transaction, where nobody can look before it is let go. */
  readonly locks: readonly { readonly table: string; readonly mode: LockMode }[]
  /** Tables whose files were written anew. */
  readonly rewritten: readonly string[]
  /** Indexes that were built, by table. */
  readonly indexed: readonly string[]
  /** Tables that were read from one end to the other. */
  readonly scanned: readonly string[]
  /** Rows written, also by triggers, functions and cascades. */
  readonly written: readonly {
    readonly table: string
    readonly inserted: number
    readonly updated: number
    readonly deleted: number
  }[]
}

export type Observer = {
  readonly watcher: StepWatcher
  readonly seen: readonly Observed[]
  /** Tables of before that the step locked, wrote, rewrote or dropped: what depends on them is touched by the change. */
  touchedTables(): readonly string[]
}

type Relation = {
  readonly name: string
  readonly filenode: string
  readonly kind: string
  readonly table: string | null
}
type Counts = { readonly scans: number; readonly inserted: number; readonly updated: number; readonly deleted: number }
type Look = {
  readonly locks: readonly { readonly oid: string; readonly mode: string }[]
  readonly files: readonly { readonly oid: string; readonly filenode: string }[]
  readonly indexes: readonly { readonly oid: string; readonly table: string }[]
  readonly counts: readonly ({ readonly oid: string } & Counts)[]
}

/**
 * Looks, after each statement of a step and in the same transaction, at what it locked, rewrote, scanned and wrote:
 * measured, not guessed from the text.
 */
export async function observeStep(client: StepClient): Promise<Observer> {
  const relations = await readRelations(client)
  const seen: Observed[] = []
  const held = new Set<string>()
  const files = new Map([...relations].map(([oid, relation]) => [oid, relation.filenode]))
  const indexes = new Set([...relations].filter(([, relation]) => relation.kind === 'i').map(([oid]) => oid))
  // What this connection did before is still in its counters, until it hands them over.
  await client.query('select pg_catalog.pg_stat_force_next_flush()')
  let counts = new Map((await lookAround(client)).counts.map((row) => [row.oid, row as Counts]))
  let startedMs = 0

  const nameOf = (oid: string): string | undefined => {
    const relation = relations.get(oid)
    return relation?.kind === 'i' ? undefined : relation?.name
  }

  const after = async (sent: Sent): Promise<void> => {
    const tookMs = performance.now() - startedMs
    const look = await lookAround(client)
    const locks = look.locks.flatMap(({ oid, mode }) => {
      const table = nameOf(oid)
      const key = `${oid} ${mode}`
      if (table === undefined || held.has(key)) return []
      held.add(key)
      return [{ table, mode: mode as LockMode }]
    })
    const rewritten = look.files.flatMap(({ oid, filenode }) => {
      const before = files.get(oid)
      files.set(oid, filenode)
      const table = nameOf(oid)
      return before === undefined || before === filenode || table === undefined ? [] : [table]
    })
    const indexed = look.indexes.flatMap(({ oid, table }) => {
      if (indexes.has(oid)) return []
      indexes.add(oid)
      return nameOf(table) ?? []
    })
    const written: Observed['written'][number][] = []
    const scanned: string[] = []
    for (const now of look.counts) {
      const table = nameOf(now.oid)
      const before = counts.get(now.oid)
      if (table === undefined) continue
      const inserted = grown(now.inserted, before?.inserted)
      const updated = grown(now.updated, before?.updated)
      const deleted = grown(now.deleted, before?.deleted)
      if (inserted + updated + deleted > 0) written.push({ table, inserted, updated, deleted })
      if (grown(now.scans, before?.scans) > 0) scanned.push(table)
    }
    counts = new Map(look.counts.map((row) => [row.oid, row]))
    // Outside a transaction every statement lets go of its own locks.
    if (!sent.inTransaction) held.clear()
    const { sql, line, inTransaction } = sent
    seen.push({ sql, line, inTransaction, tookMs, locks, rewritten, indexed, scanned, written })
  }

  return {
    seen,
    watcher: {
      async before() {
        startedMs = performance.now()
        return undefined
      },
      after,
    },
    touchedTables: () => [
      ...new Set(
        seen.flatMap(({ locks, rewritten, written, indexed }) => [
          ...locks
            .filter(({ mode }) => mode !== 'AccessShareLock' && mode !== 'RowShareLock')
            .map(({ table }) => table),
          ...rewritten,
          ...indexed,
          ...written.map(({ table }) => table),
        ]),
      ),
    ],
  }
}

/** Counters begin again at 0 when the server has taken them over. */
const grown = (now: number, before = 0): number => (now >= before ? now - before : now)

const ours = `namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and namespace.nspname not like 'pg\\_temp%'`

async function readRelations(client: StepClient): Promise<ReadonlyMap<string, Relation>> {
  const { rows } = await client.query<Relation & { oid: string }>(`
    select class.oid::text as oid, namespace.nspname || '.' || class.relname as name, class.relfilenode::text as filenode,
           class.relkind::text as kind, null as table
      from pg_catalog.pg_class as class
      join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
     where class.relkind in ('r', 'm', 'p', 'i') and ${ours}`)
  return new Map(rows.map(({ oid, ...relation }) => [oid, relation]))
}

/** One round trip: it is paid after every statement of a proof. */
async function lookAround(client: StepClient): Promise<Look> {
  const { rows } = await client.query<{ look: Look }>(`
    with held as (
      select lock.relation, lock.mode
        from pg_catalog.pg_locks as lock
       where lock.pid = pg_catalog.pg_backend_pid() and lock.locktype = 'relation' and lock.granted
         and lock.mode <> 'AccessShareLock' and lock.relation >= 16384
    )
    select json_build_object(
      'locks', (select coalesce(json_agg(json_build_object('oid', held.relation::text, 'mode', held.mode)), '[]') from held),
      'files', (select coalesce(json_agg(json_build_object('oid', class.oid::text, 'filenode', class.relfilenode::text)), '[]')
                  from pg_catalog.pg_class as class
                 where class.relkind in ('r', 'm') and class.oid in (select held.relation from held where held.mode = 'AccessExclusiveLock')),
      'indexes', (select coalesce(json_agg(json_build_object('oid', index.indexrelid::text, 'table', index.indrelid::text)), '[]')
                    from pg_catalog.pg_index as index where index.indexrelid >= 16384),
      'counts', (select coalesce(json_agg(json_build_object('oid', stat.relid::text, 'scans', stat.seq_scan, 'inserted', stat.n_tup_ins,
                                                            'updated', stat.n_tup_upd, 'deleted', stat.n_tup_del)), '[]')
                   from pg_catalog.pg_stat_xact_user_tables as stat
                  where stat.seq_scan + stat.n_tup_ins + stat.n_tup_upd + stat.n_tup_del > 0)
    ) as look`)
  return rows[0]?.look ?? { locks: [], files: [], indexes: [], counts: [] }
}
