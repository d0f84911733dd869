import type pg from 'pg'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { type Comparison, compareCatalogues, grades } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import type { MigrationProof } from '../prove/proof.ts'
import { proveGroup } from '../prove/prove-group.ts'
import { runGroup, StepFailed, stepsOf } from '../prove/run-group.ts'
import { fillRows } from '../rows/fill-rows.ts'
import { runStep } from '../run/run-step.ts'
import type { ShadowDatabase } from '../shadow/shadow.ts'
import { readStatements } from '../sql/statement.ts'
import { toUnits } from '../sql/units.ts'
import type { Case } from './case.ts'
import { groupOfCase, sqlStep } from './group-of-case.ts'
import { ignore, type SuiteShadow } from './suite-shadow.ts'

/** What a mutant of an undo did to the schema; `undefined`: it ended in an error. */
type Result = Comparison | undefined

export type Trial = {
  /** Does the schema alone tell the mutant from the undo? */
  tells(undo: Case['undo']): Promise<boolean>
  end(): Promise<void>
}

/** Runs up once, with rows; every undo then begins from there. */
export async function openTrial(opened: SuiteShadow, base: ShadowDatabase, one: Case): Promise<Trial> {
  const { shadow } = opened
  const after = await shadow.clone(base)
  const client = await after.connect()
  await fillRows(client, { rowsPerTable: 4, seed: 1, ignore, tame: true })
  const before = await readCatalogue(client)
  await runGroup(client, stepsOf(groupOfCase(one), 'up'), { observe: false })
  const inside = await isOneTransaction(one.undo)
  if (!inside) await client.end()
  const attempt = async (undo: Case['undo']): Promise<Result> => {
    if (inside && (await isOneTransaction(undo))) return runAndTakeBack(client, before, String(undo))
    return runOnClone(opened, after, before, { ...one, ...(undo === undefined ? {} : { undo }) })
  }
  const original = await attempt(one.undo)
  if (original === undefined) throw new Error(`the undo itself fails: ${one.name}`)
  const known = new Set(original.differences.map(({ text }) => text))
  return {
    async tells(undo) {
      const result = await attempt(undo)
      if (result === undefined) return true
      return isWorse(result, original) || result.differences.some(({ text }) => !known.has(text))
    },
    async end() {
      if (inside) await client.end()
      await shadow.drop(after)
    },
  }
}

const isWorse = (mutant: Comparison, original: Comparison): boolean =>
  grades.indexOf(mutant.grade) > grades.indexOf(original.grade)

async function isOneTransaction(undo: Case['undo']): Promise<boolean> {
  if (typeof undo !== 'string') return false
  const units = toUnits(await readStatements(undo), 'auto')
  return units.length === 0 || (units.length === 1 && units[0]?.transaction === true)
}

const seen = Symbol('seen')

/** Compares inside of the transaction, which is then rolled back: the next undo finds everything as it was. */
async function runAndTakeBack(client: pg.Client, before: Catalogue, undo: string): Promise<Result> {
  let result: Result
  const ending = async (): Promise<void> => {
    // What would fail at the commit has to fail here.
    await client.query('set constraints all immediate')
    result = compareCatalogues(before, await readCatalogue(client))
    throw seen
  }
  await runStep(client, sqlStep(undo), {}, { ending }).catch((error: unknown) => {
    if (error !== seen) result = undefined
  })
  return result
}

async function runOnClone(
  { shadow }: SuiteShadow,
  after: ShadowDatabase,
  before: Catalogue,
  one: Case,
): Promise<Result> {
  const clone = await shadow.clone(after)
  const client = await clone.connect()
  try {
    await runGroup(client, stepsOf(groupOfCase(one), 'undo'), { observe: false })
    return compareCatalogues(before, await readCatalogue(client))
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    return undefined
  } finally {
    await client.end()
    await shadow.drop(clone)
  }
}

/** The whole proof of a case with this undo. */
export const proofOf = (opened: SuiteShadow, base: ShadowDatabase, one: Case): Promise<MigrationProof> =>
  proveGroup(opened.shadow, base, groupOfCase(one), { ignore, statements: [], now: Date.now })

const losses = ['kept', 'stashed', 'lost'] as const

/** Is the proof of the mutant worse than that of the undo itself? */
export function isCaught(mutant: MigrationProof, original: MigrationProof): boolean {
  const known = new Set(original.differences.map(({ text }) => text))
  return (
    !mutant.ok ||
    mutant.differences.some(({ text }) => !known.has(text)) ||
    mutant.secondUp.length > original.secondUp.length ||
    losses.indexOf(mutant.loss) > losses.indexOf(original.loss)
  )
}
