import type pg from 'pg'
import { readBackfills } from '../backfill/progress.ts'
import type { MigrationSet } from '../migration.ts'
import type { Unit } from '../sql/units.ts'
import { digestOfGroup } from './digest.ts'
import { lookAtDoubt } from './doubt.ts'
import type { BackfillProgress, GroupState, GroupStatus, Interruption } from './group-status.ts'
import { type Holder, whoHoldsLock } from './lock.ts'
import { readProofs, type StoredProof } from './proofs.ts'
import { type Row, readTexts } from './row.ts'
import { unitsOf } from './run.ts'
import { whyNoUndo } from './undo-step.ts'
import { driftOf, type Entry, type GroupView, isApplied, readView } from './view.ts'

/** What the database says of every group. Changes nothing; works beside a run, and after a kill. */
export async function readStatus(pool: pg.Pool, set: MigrationSet | undefined): Promise<readonly GroupStatus[]> {
  const client = await pool.connect()
  try {
    const view = await readView(client, set)
    const about = {
      client,
      set,
      holder: await whoHoldsLock(client),
      proofs: await readProofs(client),
      backfills: await readBackfills(client),
    }
    const groups: GroupStatus[] = []
    for (const group of view) groups.push(await statusOf(group, about))
    return groups
  } finally {
    client.release()
  }
}

type About = {
  readonly client: pg.PoolClient
  readonly set: MigrationSet | undefined
  readonly holder: Holder | undefined
  readonly proofs: readonly StoredProof[]
  readonly backfills: ReadonlyMap<string, BackfillProgress>
}

async function statusOf(group: GroupView, about: About): Promise<GroupStatus> {
  const { entries } = group
  const state = stateOf(group)
  const rows = entries.flatMap(({ row }) => row ?? [])
  const drifts = entries.flatMap((entry) => {
    const drift = driftOf(entry)
    return drift === undefined ? [] : [{ id: entry.id, drift }]
  })
  const last = rows.findLast(({ appliedAt }) => appliedAt !== null)
  const isHalfWay = state === 'applying' || state === 'undoing'
  const interrupted = isHalfWay && about.holder === undefined ? await interruptionOf(group, about) : undefined
  const proof = proofOf(group, about.proofs)
  const backfill = rows.flatMap(({ id }) => about.backfills.get(id) ?? [])[0]
  const noUndo = entries.flatMap(({ row, migration }) =>
    row === undefined ? [] : (whyNoUndo(row, migration) ?? []),
  )[0]
  const by = last?.by ?? (entries.some(({ adopted }) => adopted) ? about.set?.tool : undefined)
  return {
    group: group.group,
    migrations: entries.map(({ id }) => id),
    state,
    ...(last?.appliedAt == null ? {} : { appliedAt: last.appliedAt }),
    ...(by === undefined ? {} : { by }),
    ...(drifts.length === 0
      ? {}
      : {
          drift: drifts.some(({ drift }) => drift === 'edited since') ? 'edited since' : 'undo edited since',
          drifted: drifts.map(({ id }) => id),
        }),
    ...(interrupted === undefined ? {} : { interruptedAt: interrupted }),
    ...(isHalfWay && about.holder !== undefined ? { running: about.holder } : {}),
    ...(proof === undefined ? {} : { proof }),
    ...(backfill === undefined ? {} : { backfill }),
    ...(noUndo === undefined ? {} : { noUndo }),
  }
}

function stateOf({ entries, here }: GroupView): GroupState {
  if (entries.some(({ row }) => row?.state === 'undoing')) return 'undoing'
  if (entries.some(({ row }) => row?.state === 'applying')) return 'applying'
  if (entries.every(isApplied)) return here ? 'applied' : 'unknown here'
  return entries.some(isApplied) ? 'applying' : 'pending'
}

async function interruptionOf(group: GroupView, about: About): Promise<Interruption> {
  const undoing = entriesIn(group, 'undoing').toSorted((a, b) =>
    Number(BigInt(b.row.position) - BigInt(a.row.position)),
  )
  const [entry] = [...undoing, ...entriesIn(group, 'applying')]
  if (entry === undefined) {
    const missing = group.entries.find((each) => !isApplied(each))
    const next = `${missing?.id} of the group is not applied: run "sankofa migrate up ${group.group}", or take the rest back with "sankofa migrate back ${group.group}".`
    return { migration: missing?.id ?? group.group, unit: 0, of: 1, next }
  }
  const { row } = entry
  const units = await unitsFor(entry, about)
  const { words, inDoubt } = await doubtIn(row, units, about)
  const at = { migration: row.id, unit: row.unit, of: row.units }
  const other = row.state === 'applying' ? `, or "sankofa migrate back ${group.group}" to undo what was done` : ''
  const command = `"sankofa migrate ${row.state === 'applying' ? 'up' : 'back'} ${group.group}"`
  if (inDoubt !== undefined) {
    return { ...at, inDoubt, next: `${words} Look, then run ${command} with --step-done or --step-again.` }
  }
  const next = units[row.unit]?.statements[0]?.sql
  const where =
    row.state === 'applying' && row.unit >= row.units
      ? 'Its backfill is not finished.'
      : `${row.unit} of ${row.units} parts are done${next === undefined ? '' : `; next is: ${shorten(next)}`}.`
  return { ...at, next: `${where}${words} Run ${command} to go on${other}.` }
}

type WithRow = Entry & { readonly row: Row }
const entriesIn = ({ entries }: GroupView, state: Row['state']): readonly WithRow[] =>
  entries.flatMap((entry) => (entry.row?.state === state ? [{ ...entry, row: entry.row }] : []))

/** Of the text that is running: the database's, which is the one that was begun. */
async function unitsFor({ row, migration }: WithRow, { client }: About): Promise<readonly Unit[]> {
  const texts = await readTexts(client, row.id)
  if (row.state === 'undoing') {
    const { undo, undoTransaction: transaction } = texts
    return undo === null ? unitsOf(migration?.undo ?? empty) : unitsOf({ kind: 'sql', sql: undo, transaction })
  }
  if (row.upKind === 'code') return [{ transaction: texts.upTransaction === 'auto', statements: [] }]
  return unitsOf({ kind: 'sql', sql: texts.up, transaction: texts.upTransaction })
}
const empty = { kind: 'sql', sql: '', transaction: 'auto' } as const

async function doubtIn(
  row: Row,
  units: readonly Unit[],
  { client }: About,
): Promise<{ readonly words: string; readonly inDoubt?: string }> {
  if (!row.running) return { words: '' }
  const found = await lookAtDoubt(client, row, units)
  const statement = units[row.unit]?.statements[0]?.sql ?? 'its module'
  if (found.was === 'unknown') {
    return { inDoubt: statement, words: `The run ended during ${shorten(statement)}: ${found.words}.` }
  }
  return { words: ` The run ended during it: ${found.words}.` }
}

const shorten = (sql: string): string => {
  const line = sql.replaceAll(/\s+/g, ' ')
  return `"${line.length > 100 ? `${line.slice(0, 100)}…` : line}"`
}

function proofOf({ group, entries }: GroupView, proofs: readonly StoredProof[]): GroupStatus['proof'] {
  const own = proofs.filter((stored) => stored.group === group)
  const digest = digestOfGroup(entries.flatMap(({ migration }) => migration ?? []))
  const fresh = own.find((stored) => stored.digest === digest)
  if (fresh !== undefined) return fresh.proof
  const applied = entries.find(({ row }) => row?.proof != null)?.row?.proof
  if (applied != null) return applied
  const [newest] = own
  return newest === undefined ? undefined : { ...newest.proof, stale: 'the SQL was edited since it was proved' }
}
