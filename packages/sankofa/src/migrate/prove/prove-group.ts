import type pg from 'pg'
import type { RecordedStatement } from '../../observe/index.ts'
import { digestOfGroup } from '../apply/digest.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { hashCatalogue } from '../catalogue/hash-catalogue.ts'
import type { Group } from '../group.ts'
import type { Migration } from '../migration.ts'
import { fillRows } from '../rows/fill-rows.ts'
import type { Filled } from '../rows/filled.ts'
import type { Shadow, ShadowDatabase } from '../shadow/shadow.ts'
import type { StatementFinding } from '../statements/finding.ts'
import { raises } from '../statements/run-attempt.ts'
import { predictBlocking, type TableSize } from '../watch/predict-blocking.ts'
import { isGoodGrade, judgeLoss, lossesOf } from './judge-proof.ts'
import { namesNotNull } from './not-null-names.ts'
import type { Broken, Failure, MigrationProof, ProofGrade, StepSeen } from './proof.ts'
import {
  imageOptions,
  type RoundTrip,
  type RoundTripOptions,
  roundTrip,
  rowsPerTable,
  type Undo,
} from './round-trip.ts'
import type { RanGroup } from './run-group.ts'
import { type StashTrip, stashTrip } from './stash-trip.ts'
import { strongestLocks } from './strongest-locks.ts'
import { whatDies } from './what-dies.ts'
import { seed } from './write-as-the-new-release.ts'

export type ProveGroupOptions = {
  /** `schema.table` names that are a tool's own. */
  readonly ignore: readonly string[]
  readonly statements: readonly RecordedStatement[]
  /** Sizes of the tables where it will run. */
  readonly sizes?: ReadonlyMap<string, TableSize>
  /** Fills a shadow with real rows instead of generated ones. */
  readonly sample?: (client: pg.Client) => Promise<Filled>
  readonly now: () => number
  /** Major version of the server on which a derived undo must run too; that of the shadow unless told. */
  readonly runsOn?: number | undefined
}

/** Proves the undo of one group on clones of `base`, which has the schema before it and is left as it is. */
export async function proveGroup(
  shadow: Shadow,
  base: ShadowDatabase,
  group: Group,
  options: ProveGroupOptions,
): Promise<MigrationProof> {
  const startedMs = performance.now()
  const { ignore, statements, sample, runsOn } = options
  const onClone = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const clone = await shadow.clone(base)
    try {
      const client = await clone.connect()
      try {
        return await work(client)
      } finally {
        await client.end()
      }
    } finally {
      await shadow.drop(clone)
    }
  }
  const tryWith = (rows: RoundTripOptions['rows'], empty: readonly string[] = []): Promise<RoundTrip> =>
    onClone((client) => roundTrip(client, group, { rows, ignore, empty, statements, runsOn }))

  const { trip, tame, empty, failedPastTriggers } =
    sample === undefined ? await tryWithRows(tryWith) : plainly(await tryWith(sample))
  const failure =
    (await explainFailure(trip, () => tryWith('none'))) ??
    (runsOn === undefined ? undefined : await namesNotNull(trip, runsOn))
  const stash = await tryStash(
    trip,
    sample ?? ((client) => fillRows(client, { rowsPerTable, seed, ignore: [...ignore, ...empty], tame })),
    onClone,
    group,
    imageOptions({ rows: sample ?? 'generated', ignore }),
    options.sizes,
  )
  const loss = judgeLoss(trip, stash)
  const grade = gradeOf(trip, failure)
  const secondUp = trip.secondUp?.differences ?? []
  const { up, undone, undo } = trip
  const derived = undo?.origin === 'derived' ? undo : undefined
  const tell = (finding: StatementFinding): Broken => toBroken(finding, sample !== undefined)
  return {
    group: group.id,
    migrations: group.migrations.map(({ id }) => id),
    ok: failure === undefined && isGoodGrade(grade) && loss !== 'lost' && isGoodGrade(trip.secondUp?.grade ?? 'exact'),
    digest: digestOfGroup(group.migrations),
    base: `PostgreSQL ${shadow.version}, schema ${hashCatalogue(trip.before).slice(0, 16)}`,
    undo: undo?.origin ?? 'none',
    grade,
    ...(failure === undefined ? {} : { failure }),
    differences: trip.schema?.differences ?? [],
    secondUp,
    loss,
    losses: lossesOf(trip, stash),
    instant: loss === 'stashed' && stash?.instant === true,
    destroys: trip.after === undefined ? [] : whatDies(trip.before, trip.after, stash?.kept ?? []),
    rows: {
      tables: trip.filled.tables.length + trip.filled.empty.length + empty.length,
      filled: trip.filled.tables.length,
      ...(trip.filled.pastTriggers === undefined ? {} : { pastTriggers: trip.filled.pastTriggers }),
      ...(failedPastTriggers === undefined ? {} : { failedPastTriggers }),
      unchecked: [...(trip.rows?.unchecked ?? [])],
      empty: [
        ...trip.filled.empty.map(({ table, reason }) => `${table}: ${reason}`),
        ...empty.map((table) => `${table}: it takes none of the rows that were made for it`),
      ],
    },
    brokenStatements: (trip.statements?.broken ?? []).map(tell),
    riskyStatements: (trip.statements?.risky ?? []).map(tell),
    workingStatements: trip.statements?.working ?? 0,
    untriedStatements: (trip.statements?.notTried ?? []).map((finding) => ({
      ...tell(finding),
      tables: finding.tables,
    })),
    endangeredTables: endangeredTables(trip),
    touchedTables: [...new Set([...(up?.touchedTables ?? []), ...(undone?.touchedTables ?? [])])],
    up: stepSeen(up, trip, options.sizes),
    undoSeen: stepSeen(undone, trip, options.sizes),
    ...(derived === undefined ? {} : derivedOf(group, derived)),
    // What a module sends may hold values of the rows that it met.
    ...(sample === undefined ? capturedOf(group, up, undone) : {}),
    provedAt: new Date(options.now()).toISOString(),
    tookMs: performance.now() - startedMs,
  }
}

/** What generated rows may not satisfy although real ones do: keys, checks, and what a text can be read as. */
const isForOtherRows = (code: string | undefined): boolean =>
  code !== undefined && (code.startsWith('22') || (code.startsWith('23') && code !== '23502'))
const mostEmptied = 4

type WithRows = {
  readonly trip: RoundTrip
  readonly tame: boolean
  readonly empty: readonly string[]
  readonly failedPastTriggers?: string
}

const plainly = (trip: RoundTrip): WithRows => ({ trip, tame: false, empty: [] })

/**
 * Rows may rightly hinder an up, such as one that adds a foreign key: then plainer ones are tried, then the tables in the
 * way stay empty. A NULL where up wants a value is no matter of which rows there are: plain ones have none, so the column is
 * up's own.
 */
async function tryWithRows(
  tryWith: (rows: 'generated' | 'tame', empty?: readonly string[]) => Promise<RoundTrip>,
): Promise<WithRows> {
  const first = await tryWith('generated')
  const { failure } = first
  if (failure === undefined) return plainly(first)
  // Rows that triggers would not have let in may be what is in the way, and nobody has such rows.
  const past = first.filled.pastTriggers ?? []
  const without = past.length === 0 ? first : await tryWith('generated', past)
  const failed = past.length === 0 ? {} : { failedPastTriggers: `${failure.step} fails: ${failure.reason}` }
  if (without.failure === undefined) return { trip: without, tame: false, empty: past, ...failed }
  if (without.failure.step !== 'up') return { trip: without, tame: false, empty: past }
  const empty: string[] = [...past]
  for (;;) {
    const trip = await tryWith('tame', empty)
    const { table, code } = trip.hinderedBy ?? {}
    const another = trip.failure?.step === 'up' && isForOtherRows(code) && table !== undefined && !empty.includes(table)
    if (!another || empty.length === past.length + mostEmptied) {
      return { trip, tame: true, empty, ...(trip.failure === undefined ? failed : {}) }
    }
    empty.push(table)
  }
}

/** An undo that ran has the grade of the schema that it left, also where up cannot run on that a second time. */
function gradeOf(trip: RoundTrip, failure: Failure | undefined): ProofGrade {
  const ran = failure === undefined || failure.step === 'up again'
  return ran ? (trip.schema?.grade ?? 'fails') : trip.undo?.steps.length === 0 ? 'missing' : 'fails'
}

/** Does it fail always, or only where there are rows? */
async function explainFailure(trip: RoundTrip, onEmpty: () => Promise<RoundTrip>): Promise<Failure | undefined> {
  if (trip.failure === undefined) return undefined
  const empty = await onEmpty()
  return { ...trip.failure, when: empty.failure?.step === trip.failure.step ? 'always' : 'rows' }
}

/** Only where something of before can die: rows came back otherwise, were written, or their table or column is gone. */
function tryStash(
  trip: RoundTrip,
  fill: (client: pg.Client) => Promise<Filled>,
  onClone: <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>,
  group: Group,
  image: ReturnType<typeof imageOptions>,
  sizes: ReadonlyMap<string, TableSize> | undefined,
): Promise<StashTrip | undefined> {
  const { undo, up, before, after, rows, failure } = trip
  if (undo === undefined || up === undefined || after === undefined || failure?.step === 'undo') {
    return Promise.resolve(undefined)
  }
  const endangered = endangeredTables(trip)
  const rewritten = up.seen.some((seen) => seen.rewritten.length > 0)
  if (
    rows?.same !== false &&
    trip.rowsAfterWriting?.same !== false &&
    endangered.length === 0 &&
    !columnsGone(before, after) &&
    !rewritten
  ) {
    return Promise.resolve(undefined)
  }
  const tryIt = (instant: boolean): Promise<StashTrip> =>
    onClone(async (client) => {
      await fill(client)
      return stashTrip(client, group, undo, { observed: endangered, sent: up.sent, image, instant })
    })
  const large = up.touchedTables.some((table) => (sizes?.get(table)?.rows ?? 0) >= rowsOfLarge)
  return large ? tryIt(true).then((trip) => (isExact(trip) ? trip : tryIt(false))) : tryIt(false)
}

/** Copying fewer is quick enough. */
const rowsOfLarge = 50_000

const isExact = ({ failure, refused, rows, schema }: StashTrip): boolean =>
  failure === undefined && refused === undefined && rows?.same === true && schema?.grade !== 'differs'

/** Tables of before of which rows were changed or deleted, whoever did it, or that are gone. */
function endangeredTables({ before, up, undone, after }: RoundTrip): readonly string[] {
  const written = [...(up?.seen ?? []), ...(undone?.seen ?? [])].flatMap((seen) =>
    seen.written.flatMap(({ table, updated, deleted }) => (updated + deleted > 0 ? [table] : [])),
  )
  const remaining = new Set(after?.objects.map(({ kind, name }) => `${kind} ${name}`))
  const gone = before.objects.flatMap(({ kind, name }) =>
    kind === 'table' && after !== undefined && !remaining.has(`table ${name}`) ? [name] : [],
  )
  return [...new Set([...written, ...gone])]
}

function columnsGone(before: Catalogue, after: Catalogue): boolean {
  const tables = new Set(before.objects.flatMap(({ kind, name }) => (kind === 'table' ? [name] : [])))
  const remaining = new Set(after.objects.flatMap(({ kind, name }) => (kind === 'column' ? [name] : [])))
  return before.objects.some(({ kind, name, on }) => kind === 'column' && tables.has(on ?? '') && !remaining.has(name))
}

function stepSeen(
  ran: RanGroup | undefined,
  trip: RoundTrip,
  sizes: ReadonlyMap<string, TableSize> | undefined,
): StepSeen {
  const seen = ran?.seen ?? []
  const shadowRows = new Map(trip.rowsBefore.tables.map(({ table, rows }) => [table, rows]))
  return {
    tookMs: ran?.tookMs ?? 0,
    locks: strongestLocks(seen),
    rewritten: [...new Set(seen.flatMap(({ rewritten }) => rewritten))],
    scanned: [...new Set(seen.flatMap(({ scanned }) => scanned))],
    statements: seen,
    ...(sizes === undefined ? {} : { prediction: predictBlocking(seen, sizes, shadowRows) }),
  }
}

/** Without the values that were tried: they may be those of real rows, and then a function's own words may tell them too. */
function toBroken({ text, routes, reason = 'it fails' }: StatementFinding, areReal: boolean): Broken {
  const [before = '', words] = reason.split(raises, 2)
  const told =
    areReal && words !== undefined ? `${before}it raises an error, which may tell of the sampled rows` : reason
  return { text, routes, reason: told }
}

/** Of migrations whose undo was written too: then nothing is kept for those. */
function derivedOf(group: Group, undo: Undo): Pick<MigrationProof, 'derived' | 'derivedUndo'> {
  const withoutOne = new Set(group.migrations.flatMap(({ id, undo: written }) => (written === undefined ? [id] : [])))
  const derived = undo.steps.flatMap(({ id, step }): readonly (readonly [string, string])[] =>
    withoutOne.has(id) && step.kind === 'sql' ? [[id, step.sql]] : [],
  )
  return {
    derived: { sql: derived.map(([, sql]) => sql).join(''), notes: undo.notes },
    derivedUndo: Object.fromEntries(derived),
  }
}

function capturedOf(
  group: Group,
  up: RanGroup | undefined,
  undone: RanGroup | undefined,
): Pick<MigrationProof, 'captured' | 'capturedUp'> {
  const sentBy = (
    ran: RanGroup,
    isCode: (migration: Migration) => boolean,
  ): Readonly<Record<string, readonly string[]>> =>
    Object.fromEntries(group.migrations.filter(isCode).map(({ id }) => [id, ran.sent[id] ?? []]))
  const ofUp = up === undefined ? {} : sentBy(up, (migration) => migration.up.kind === 'code')
  const ofUndo = undone === undefined ? {} : sentBy(undone, (migration) => migration.undo?.kind === 'code')
  return {
    ...(Object.keys(ofUp).length === 0 ? {} : { capturedUp: ofUp }),
    ...(Object.keys(ofUndo).length === 0 ? {} : { captured: ofUndo }),
  }
}
