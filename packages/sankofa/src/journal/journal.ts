import type pg from 'pg'
import { type ChangeId, SankofaError } from '../core/index.ts'
import { inTransaction, withFence } from '../db/index.ts'
import type { ChangeKindName } from './change-kind.ts'
import { foldAll } from './fold.ts'
import type { JournalRecord, RecordData, RecordType } from './record.ts'
import { contradiction, mayAppend } from './rules.ts'
import { dataProblems, toJson } from './schema.ts'
import type { ChangeState } from './state.ts'

/** What a caller adds: the journal gives the id, and the time where none is told. */
export type NewRecord<T extends RecordType = RecordType> = {
  [K in T]: {
    readonly change: ChangeId
    /** Needed when the change is proposed; afterwards it is known. */
    readonly kind?: ChangeKindName | undefined
    readonly type: K
    readonly actor: string
    readonly data: RecordData[K]
  }
}[T]

export type Journal = {
  /**
   * Checks the record against the state of its change, and writes it, in one transaction that no other append overlaps:
   * ids grow in the order of commits, so that reading `afterId` misses nothing.
   *
   * @param options.epoch - of the leader that writes; absent for what a person asks
   * @throws SankofaError `CHANGE_NOT_ALLOWED`, `CHANGE_UNKNOWN`, `JOURNAL_RECORD_WRONG`, `STALE_EPOCH`
   */
  append(record: NewRecord, options?: AppendOptions): Promise<JournalRecord>
  /** Records in the order of their ids. */
  read(filter?: JournalFilter): Promise<readonly JournalRecord[]>
}
export type AppendOptions = { readonly epoch?: bigint; readonly at?: Date }
export type JournalFilter = { readonly change?: ChangeId; readonly afterId?: bigint }

type Row = {
  readonly id: bigint | string
  readonly at: Date
  readonly change_id: ChangeId
  readonly kind: ChangeKindName
  readonly type: RecordType
  readonly actor: string
  readonly epoch: bigint | string | null
  readonly data: never
}

const columns =
  'journal.id, journal.at, journal.change_id, journal.kind, journal.type, journal.actor, journal.epoch, journal.data'

export function openJournal(pool: pg.Pool): Journal {
  return {
    append(record, options = {}) {
      const write = (client: pg.PoolClient): Promise<JournalRecord> => appendIn(client, record, options)
      return options.epoch === undefined ? inTransaction(pool, write) : withFence(pool, options.epoch, write)
    },
    read: (filter) => readFrom(pool, filter),
  }
}

async function appendIn(client: pg.PoolClient, record: NewRecord, options: AppendOptions): Promise<JournalRecord> {
  const json = toJson(record.data)
  const problems = dataProblems(record.type, JSON.parse(json))
  if (problems.length > 0) throw new SankofaError('JOURNAL_RECORD_WRONG', { type: record.type, problems })
  // One append at a time. Transaction-level, so that it works behind a transaction pooler.
  await client.query(`select pg_advisory_xact_lock(hashtext('sankofa.journal'))`)
  const states = foldAll(await readFrom(client, { change: record.change }))
  const state = states.get(record.change)
  const at = options.at ?? new Date()
  const objection = mayAppend(state, record.type) ?? contradict(state, record, at)
  if (objection !== undefined) await refuse(client, record.change, state, objection)
  const kind = state?.kind ?? record.kind
  if (kind === undefined)
    throw new SankofaError('JOURNAL_RECORD_WRONG', { type: record.type, problems: ['kind is missing'] })
  const written = await client.query<Row>(
    `insert into sankofa.journal as journal (at, change_id, kind, type, actor, epoch, data)
     values (coalesce($1::timestamptz, clock_timestamp()), $2, $3, $4, $5, $6, $7::jsonb)
     returning ${columns}`,
    [options.at ?? null, record.change, kind, record.type, record.actor, options.epoch ?? null, json],
  )
  const [row] = written.rows
  if (row === undefined) throw new Error('the journal returned no row for an append')
  return toRecord(row)
}

function contradict(
  state: ChangeState | undefined,
  record: NewRecord,
  at: Date,
): { wanted: string; next: string } | undefined {
  if (state === undefined) return undefined
  const next = contradiction(state, { ...record, at } as JournalRecord)
  return next === undefined ? undefined : { wanted: `take the record "${record.type}"`, next }
}

async function refuse(
  client: pg.PoolClient,
  change: ChangeId,
  state: ChangeState | undefined,
  objection: { readonly wanted: string; readonly next: string },
): Promise<never> {
  if (state !== undefined) {
    throw new SankofaError('CHANGE_NOT_ALLOWED', { change, state: describeState(state), ...objection })
  }
  const known = await client.query<{ change_id: string }>(
    'select distinct journal.change_id from sankofa.journal order by journal.change_id limit 50',
  )
  throw new SankofaError('CHANGE_UNKNOWN', { change, known: known.rows.map((row) => row.change_id) })
}

/** The state in the words that a refusal uses: what is in flight or asked matters more than the name. */
export function describeState(state: ChangeState): string {
  if (state.inFlight?.act === 'undo') return 'being taken back'
  if (state.inFlight?.act === 'settle') return 'being settled'
  if (state.pending?.want === 'go' && state.go === undefined) return `${state.state} and already asked to go`
  if (state.held !== undefined) return 'held'
  return state.state === 'bake' ? 'baking' : state.state
}

async function readFrom(from: pg.Pool | pg.PoolClient, filter: JournalFilter = {}): Promise<readonly JournalRecord[]> {
  const found = await from.query<Row>(
    `select ${columns}
       from sankofa.journal
      where ($1::text is null or journal.change_id = $1)
        and journal.id > $2::bigint
      order by journal.id`,
    [filter.change ?? null, filter.afterId ?? 0n],
  )
  return found.rows.map(toRecord)
}

function toRecord(row: Row): JournalRecord {
  return {
    id: BigInt(row.id),
    at: row.at,
    change: row.change_id,
    kind: row.kind,
    type: row.type,
    actor: row.actor,
    epoch: row.epoch === null ? undefined : BigInt(row.epoch),
    data: row.data,
  }
}
