import type { StepClient } from '../migration.ts'
import { effectsOf, type TableName } from '../sql/effects.ts'
import { readStatements, type Statement } from '../sql/statement.ts'
import { toUnits, type Unit } from '../sql/units.ts'
import type { LockMode } from '../watch/observe-statement.ts'
import { type Affected, affectedBy } from './affected.ts'
import { readSettings } from './as-ourselves.ts'
import { type AsText, isSent } from './as-text.ts'
import { planInstant } from './plan-instant.ts'
import { planLocks } from './plan-locks.ts'
import { rehearsalOf } from './rehearsal.ts'
import type { Keep, StashPlan, TableLock } from './stash-plan.ts'
import { anyTable, type StepShape, setsRole, shapeOf } from './step-shape.ts'
import { toKeep, widthsOf } from './to-keep.ts'
import { fullName, readWorld, type World } from './world.ts'

export type PlanStashOptions = {
  /**
   * What takes the step back. It is tried out inside the step's transaction, so that only what it cannot bring back is
   * kept, and so that values written later are told from values that the step itself left.
   */
  readonly opposite?: AsText
  /**
   * Tables, as `schema.table`, that a shadow run saw written, dropped or changed. They are kept where the text does not
   * say what happens: modules, dynamic SQL.
   */
  readonly observed?: readonly string[]
  /** Locks that a shadow run saw, by `schema.table`. Without them, tables of which nobody knows more are locked wholly. */
  readonly seenLocks?: readonly { readonly table: string; readonly mode: LockMode }[]
  /**
   * From how many rows on, as estimated, a dropped column is hidden and a dropped table moved where that is exact; copying
   * fewer is quick enough, and simpler. 50,000 unless told.
   */
  readonly hideFrom?: number
  /** Tables, as `schema.table`, into which the release inserts without the names of columns: nothing of them is hidden. */
  readonly positional?: readonly string[]
}

/**
 * Says what has to be kept before a step runs. Reads the catalogue only.
 *
 * @param client - on the database as it is before the step, with the search path that the step will have
 */
export async function planStash(client: StepClient, step: AsText, options: PlanStashOptions = {}): Promise<StashPlan> {
  const units = await unitsOf(step)
  const oppositeUnits = options.opposite?.kind === 'sql' ? await unitsOf(options.opposite) : undefined
  // As they run: an author's own begin and commit are not among them, nor what they roll back.
  const statements = units.flatMap((unit) => unit.statements)
  const opposite = oppositeUnits?.flatMap((unit) => unit.statements)
  const oneTransaction = step.kind === 'code' ? step.transaction : units.length <= 1 && units[0]?.transaction !== false
  // The undo may destroy what up left alone. Read as one text, so that its names are followed back through up's renames.
  const effects = effectsOf([...statements, ...(opposite ?? [])])
  const shape = shapeOf(statements)
  // What is hidden or moved is moved by the step's own role.
  const replaceable = oneTransaction && isSent(step) && !setsRole(statements) && !setsRole(opposite ?? [])
  const again = replaceable ? { columns: shape.adds, tables: clean(shape) } : { columns: [], tables: [] }
  const exposes = step.kind === 'code' ? [anyTable] : [...shape.exposes]
  if (step.kind === 'sql' && effects.length === 0) {
    return {
      keeps: [],
      bytes: 0,
      updates: [],
      widened: [],
      harmless: true,
      oneTransaction,
      again,
      exposes,
      locks: { units: [], trial: [] },
      settings: await readSettings(client),
      notes: [],
    }
  }
  const world = await readWorld(client)
  const { affected, opaque, written, widened } = await affectedBy(client, world, effects)
  const unknown = step.kind === 'code' ? ['what a module does is known only when it runs', ...opaque] : opaque
  const all = unknown.length === 0 ? affected : withObserved(world, affected, options.observed ?? [])
  const unitOf = (at: number): number => {
    let first = 0
    for (const [number, unit] of units.entries()) {
      first += unit.statements.length
      if (at < first) return number
    }
    return 0
  }
  const lock = (list: readonly Affected[], from: readonly Statement[]): Promise<readonly TableLock[]> =>
    planLocks(client, world, {
      affected: list.map((each) => ({
        ...each,
        anything: unknown.length > 0 && options.seenLocks === undefined && !affected.includes(each),
      })),
      statements: from,
      ...(unknown.length === 0 || options.seenLocks === undefined ? {} : { seen: options.seenLocks }),
    })
  const widths = await widthsOf(
    client,
    all.map(({ table }) => table),
  )
  const instant =
    replaceable && unknown.length === 0 && options.opposite !== undefined && opposite !== undefined
      ? await planInstant(
          client,
          world,
          {
            affected: isReplaceable(options.opposite, oppositeUnits) ? affected : [],
            effects,
            shape,
            opposite: shapeOf(opposite),
          },
          { hideFrom: options.hideFrom ?? 50_000, positional: options.positional ?? [] },
        )
      : new Map<string, 'hide' | 'move'>()
  const wanted = all.flatMap((each) => {
    const keep = toKeep(world, widths, each, each.at < statements.length ? unitOf(each.at) : 0)
    return keep === undefined ? [] : [asInstant(keep, instant.get(each.table.oid))]
  })
  const widthOf = ({ table, columns }: Keep): number =>
    columns === 'all'
      ? (world.tables.find((each) => fullName(each) === fullName(table))?.columns.length ?? 0)
      : columns.length
  const isTooWide = (keep: Keep): boolean => keep.how === 'copy' && widthOf(keep) > mostColumns
  // Who accepts its loss wants the step to run.
  const keeps = wanted.filter((keep) => !isTooWide(keep))
  const bytes = keeps.reduce((sum, keep) => sum + keep.bytes, 0)
  const locks = oneTransaction
    ? [await lock(all, [...statements, ...(opposite ?? [])])]
    : await inTurn(units, ({ transaction, statements: own }, number) => {
        // The trial of the opposite is part of the last transaction.
        if (transaction && number === units.length - 1) return lock(all, [...own, ...(opposite ?? [])])
        const list = all.filter(({ at }) => (at < statements.length ? unitOf(at) : 0) === number)
        // Without a transaction it takes its own locks, when the copy has been made and its locks are gone.
        return transaction
          ? lock(list, own)
          : lock(
              list.map((each) => ({ ...each, reshaped: false })),
              [],
            )
      })
  const trialApart = !oneTransaction && units.at(-1)?.transaction === false
  const refuse = refusal(all, unknown, options.observed) ?? tooWide(wanted.filter(isTooWide))
  const rehearsal = opposite === undefined ? undefined : rehearsalOf(opposite)
  return {
    keeps,
    bytes,
    updates: written,
    widened,
    harmless: false,
    oneTransaction,
    again,
    exposes,
    locks: { units: locks, trial: trialApart ? await lock(all, opposite ?? []) : [] },
    ...(refuse === undefined ? {} : { refuse }),
    ...(rehearsal === undefined ? {} : { rehearsal }),
    settings: await readSettings(client),
    notes: notesOn(keeps, { oneTransaction, opposite, rehearsal }),
  }
}

/** It is sent as it was read, in one transaction, so that other statements can take the place of some. */
const isReplaceable = (step: AsText, units: readonly Unit[] = []): boolean =>
  isSent(step) && units.length === 1 && units[0]?.transaction !== false

async function inTurn<T, R>(list: readonly T[], work: (each: T, index: number) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (const [index, each] of list.entries()) results.push(await work(each, index))
  return results
}

const unitsOf = async (step: AsText): Promise<readonly Unit[]> =>
  step.kind === 'sql' ? toUnits(await readStatements(step.sql, step.file), step.transaction) : []

const clean = ({ creates, exposes, uses, renames }: StepShape): readonly TableName[] =>
  creates.filter(({ name }) => !exposes.has(name) && !uses.has(name) && !renames.has(name))

/** A row must be known by its key, in case that its column has to be copied later on. */
function asInstant(keep: Keep, how: 'hide' | 'move' | undefined): Keep {
  if (how === undefined || (how === 'hide' && (keep.knownBy !== 'key' || keep.columns === 'all'))) return keep
  const because =
    how === 'hide'
      ? `${keep.because}: it is hidden, not copied. "select *" still shows it, and it takes a place where values are inserted without the names of columns`
      : `${keep.because}: it is moved to the stash, not copied`
  return { ...keep, how, bytes: 0, because }
}

function withObserved(world: World, affected: readonly Affected[], observed: readonly string[]): readonly Affected[] {
  const known = new Map(affected.map((each) => [each.table.oid, each]))
  for (const table of world.tables) {
    if (!observed.includes(fullName(table))) continue
    const { at = 0, unsteady = new Set<string>(), reshaped = false } = known.get(table.oid) ?? {}
    known.set(table.oid, {
      table,
      columns: 'all',
      unsteady,
      reshaped,
      at,
      because: 'a shadow run saw it written or changed',
    })
  }
  return [...known.values()]
}

// PostgreSQL joins at most 1664 columns: those of a row as it was and as it is, and a few more.
const mostColumns = 800

function tooWide([keep]: readonly Keep[]): string | undefined {
  if (keep === undefined) return undefined
  return `${fullName(keep.table)} would need more than ${mostColumns} columns to be kept (${keep.because}), and PostgreSQL cannot compare rows that wide when they come back. Split the step, so that each part drops or rewrites fewer columns.`
}

function refusal(
  affected: readonly Affected[],
  unknown: readonly string[],
  observed: readonly string[] | undefined,
): string | undefined {
  if (unknown.length > 0 && observed === undefined) {
    return `Nobody can know beforehand which rows the step destroys (${unknown.join('; ')}), and no shadow run has shown it.`
  }
  for (const { table } of affected) {
    const name = fullName(table)
    if (table.kind === 'f')
      return `${name} is a foreign table: its rows lie elsewhere and cannot be kept in one transaction.`
    if (!table.mine || !table.readable)
      return `${name} belongs to another role, so its rows cannot be kept and put back.`
    if (table.forced) return `${name} forces row-level security on its owner, so not all of its rows can be seen.`
  }
  return undefined
}

function notesOn(
  keeps: readonly Keep[],
  how: {
    readonly oneTransaction: boolean
    readonly opposite: readonly Statement[] | undefined
    readonly rehearsal: readonly string[] | undefined
  },
): readonly string[] {
  if (keeps.length === 0) return []
  const keyless = keeps.filter(({ knownBy }) => knownBy === 'whole')
  return [
    ...(how.oneTransaction
      ? []
      : [
          'The step is more than one transaction: rows written between copying and the end of the step are told apart row by row only.',
        ]),
    ...(how.rehearsal !== undefined
      ? []
      : [
          how.opposite === undefined
            ? 'No SQL that takes the step back is at hand: everything is kept, and a row written since counts as written in every column that the step left.'
            : 'What takes the step back cannot be tried out beforehand: everything is kept, and a row written since counts as written in every column that the step left.',
        ]),
    ...keyless.map(
      ({ table }) =>
        `${fullName(table)} has no key: rows that the step rewrites come back only while nobody has written any of them.`,
    ),
  ]
}
