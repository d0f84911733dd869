import type pg from 'pg'
import type { RecordedStatement } from '../../observe/index.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { type Comparison, compareCatalogues } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import { deriveUndo } from '../derive/derive-undo.ts'
import type { Group } from '../group.ts'
import type { Step } from '../migration.ts'
import { compareRows } from '../rows/compare-rows.ts'
import { fillRows } from '../rows/fill-rows.ts'
import type { Filled } from '../rows/filled.ts'
import { imageRows } from '../rows/image-rows.ts'
import type { RowComparison, RowImage } from '../rows/row-image.ts'
import { withoutValues } from '../sql/without-values.ts'
import { checkStatements } from '../statements/check-statements.ts'
import { compareStatements } from '../statements/compare-statements.ts'
import type { StatementComparison } from '../statements/finding.ts'
import type { Failure } from './proof.ts'
import { type RanGroup, runGroup, StepFailed, stepsOf } from './run-group.ts'
import { settleSequences, withSequences } from './sequence-positions.ts'
import { seed, writeAsTheNewRelease } from './write-as-the-new-release.ts'

/** Rows of a table in a proof: enough for a NULL, a duplicate and a plain value of each column. */
export const rowsPerTable = 4

export type Undo = {
  readonly origin: 'written' | 'derived'
  readonly steps: readonly { readonly id: string; readonly step: Step }[]
  readonly notes: readonly string[]
}

/** What up → undo → up → new rows → undo on one database with rows has shown. What comes after a failure is absent. */
export type RoundTrip = {
  readonly filled: Filled
  readonly before: Catalogue
  readonly rowsBefore: RowImage
  readonly up?: RanGroup
  readonly after?: Catalogue
  readonly statements?: StatementComparison
  readonly undo?: Undo
  readonly undone?: RanGroup
  readonly schema?: Comparison
  readonly rows?: RowComparison
  readonly secondUp?: Comparison
  /** After rows were written through the new schema, and undone again. */
  readonly rowsAfterWriting?: RowComparison
  readonly failure?: Omit<Failure, 'when'>
  /** Whose rows were in the way of what failed, and how PostgreSQL calls the failure. */
  readonly hinderedBy?: { readonly table: string | undefined; readonly code: string | undefined }
}

export type RoundTripOptions = {
  /** `none`: an empty database. `sample` fills it with rows of the target. */
  readonly rows: 'generated' | 'tame' | 'none' | ((client: pg.Client) => Promise<Filled>)
  readonly ignore: readonly string[]
  /** Tables that stay empty. */
  readonly empty?: readonly string[]
  readonly statements: readonly RecordedStatement[]
  /** Major version of the server on which a derived undo must run too; that of the shadow unless told. */
  readonly runsOn?: number | undefined
}

/**
 * Tries a group out, on a database that has its base schema.
 *
 * @param client - superuser, outside of a transaction
 */
export async function roundTrip(client: pg.Client, group: Group, options: RoundTripOptions): Promise<RoundTrip> {
  const { ignore, statements } = options
  const image = imageOptions(options)
  const filled = await fill(client, options)
  if (options.rows !== 'none') await settleSequences(client, ignore)
  const before = await readCatalogue(client, { ignore })
  const rowsBefore = await imageRows(client, image)
  const foundBefore = statements.length === 0 ? [] : await checkStatements(client, statements)
  let found: RoundTrip = { filled, before, rowsBefore }
  const add = (more: Partial<RoundTrip>): void => {
    found = { ...found, ...more }
  }
  let step: Failure['step'] = 'up'
  try {
    const { up, after, undo } = await upAndItsUndo(client, group, before, options)
    add({ up, after, undo })
    if (statements.length > 0) {
      const foundAfter = await checkStatements(client, statements, { before: foundBefore })
      add({ statements: compareStatements(foundBefore, foundAfter) })
    }
    step = 'undo'
    add({ undone: await runGroup(client, undo.steps, { observe: true }) })
    add({ schema: compareCatalogues(before, await readCatalogue(client, { ignore })) })
    const rowsUndone = await imageRows(client, image)
    add({ rows: await withSequences(client, compareRows(rowsBefore, rowsUndone, { newRows: 'unexpected' }), ignore) })
    step = 'up again'
    await runGroup(client, stepsOf(group, 'up'), { observe: false })
    add({ secondUp: compareCatalogues(after, await readCatalogue(client, { ignore })) })
    const written = options.rows === 'none' ? undefined : await writeAsTheNewRelease(client, image)
    step = 'undo after new rows'
    await runGroup(client, undo.steps, { observe: false })
    if (written === undefined) return found
    const rowsAfter = await imageRows(client, image)
    add({ rowsAfterWriting: written.leaveOut(compareRows(rowsUndone, rowsAfter, { newRows: 'expected' })) })
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    const { message, migration, table, code } = error
    const sampled = typeof options.rows === 'function'
    const reason = sampled ? error.withoutValues : message
    // A module writes values into its texts.
    const statement = sampled && error.statement !== undefined ? await withoutValues(error.statement) : error.statement
    add({
      hinderedBy: { table, code },
      failure: { step, reason, migration, ...(statement === undefined ? {} : { statement }) },
    })
  }
  return found
}

/** Of real rows no value is kept, and none is shown. */
export const imageOptions = ({
  rows,
  ignore,
}: Pick<RoundTripOptions, 'rows' | 'ignore'>): {
  readonly ignore: readonly string[]
  readonly values: 'text' | 'hash'
} => ({
  ignore,
  values: typeof rows === 'function' ? 'hash' : 'text',
})

function fill(client: pg.Client, { rows, ignore, empty = [] }: RoundTripOptions): Promise<Filled> {
  if (rows === 'none') return Promise.resolve({ tables: [], empty: [] })
  if (typeof rows === 'function') return rows(client)
  return fillRows(client, { rowsPerTable, seed, ignore: [...ignore, ...empty], tame: rows === 'tame' })
}

/**
 * Runs the ups one after another. Where no undo was written it is derived from the catalogues before and after that very
 * migration, so that each migration of a group has an undo of its own, and a stash of its own.
 */
async function upAndItsUndo(
  client: pg.Client,
  group: Group,
  before: Catalogue,
  { ignore, runsOn }: RoundTripOptions,
): Promise<{ readonly up: RanGroup; readonly after: Catalogue; readonly undo: Undo }> {
  if (group.migrations.every(({ undo }) => undo !== undefined)) {
    const up = await runGroup(client, stepsOf(group, 'up'), { observe: true })
    const undo: Undo = { origin: 'written', steps: stepsOf(group, 'undo'), notes: [] }
    return { up, after: await readCatalogue(client, { ignore }), undo }
  }
  const ran: RanGroup[] = []
  const steps: { readonly id: string; readonly step: Step }[] = []
  const notes: string[] = []
  let after = before
  for (const { id, up, undo } of group.migrations) {
    ran.push(await runGroup(client, [{ id, step: up }], { observe: true }))
    const from = after
    after = await readCatalogue(client, { ignore })
    const derived = undo === undefined ? deriveUndo(from, after, runsOn) : undefined
    notes.push(...(derived?.notes ?? []))
    steps.unshift({ id, step: undo ?? asStep(derived?.statements ?? []) })
  }
  return { up: inOne(ran), after, undo: { origin: 'derived', steps, notes } }
}

const asStep = (statements: readonly string[]): Step => ({
  kind: 'sql',
  sql: statements.map((statement) => `${statement};\n`).join(''),
  transaction: 'auto',
})

const inOne = (ran: readonly RanGroup[]): RanGroup => ({
  seen: ran.flatMap(({ seen }) => seen),
  touchedTables: [...new Set(ran.flatMap(({ touchedTables }) => touchedTables))],
  sent: Object.assign({}, ...ran.map(({ sent }) => sent)) as RanGroup['sent'],
  tookMs: ran.reduce((sum, { tookMs }) => sum + tookMs, 0),
})
