import type pg from 'pg'
import { type Comparison, compareCatalogues } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import type { Group } from '../group.ts'
import type { Step } from '../migration.ts'
import { compareRows } from '../rows/compare-rows.ts'
import { imageRows } from '../rows/image-rows.ts'
import type { RowComparison } from '../rows/row-image.ts'
import type { Companion } from '../run/together.ts'
import { asText } from '../stash/as-text.ts'
import { planStash } from '../stash/plan-stash.ts'
import { stashing } from '../stash/stashing.ts'
import type { imageOptions, Undo } from './round-trip.ts'
import { type RanGroup, runGroup, StepFailed, stepsOf } from './run-group.ts'
import { settleSequences, withSequences } from './sequence-positions.ts'
import { writeAsTheNewRelease } from './write-as-the-new-release.ts'

export type StashTrip = {
  readonly instant: boolean
  /** Tables of which something is kept before up. */
  readonly kept: readonly string[]
  readonly refused?: string
  readonly failure?: string
  readonly schema?: Comparison
  readonly rows?: RowComparison
}

/** A shadow's stash is small; the budget of the live one is checked where it is made. */
const budgetBytes = 1_000_000_000

/**
 * The same with the stash: what up destroys is kept, new rows are written, and the undo must bring every old row back
 * and leave every new one.
 *
 * @param client - superuser on a database that has the base schema and rows
 * @param observed - tables that the plain round trip saw written, dropped or changed
 */
export async function stashTrip(
  client: pg.Client,
  group: Group,
  undo: Undo,
  options: {
    readonly observed: readonly string[]
    /** What modules sent in the plain round trip. */
    readonly sent: RanGroup['sent']
    readonly image: ReturnType<typeof imageOptions>
    /** Hide and move what fits, however few rows there are. */
    readonly instant: boolean
  },
): Promise<StashTrip> {
  const { image, instant } = options
  const { ignore } = image
  await settleSequences(client, ignore)
  const before = await readCatalogue(client, { ignore })
  const rowsBefore = await imageRows(client, image)
  let refused: string | undefined
  const tables = new Set<string>()
  const ups = stepsOf(group, 'up')
  const oppositeOf = (direction: 'up' | 'undo', id: string): Step | undefined =>
    (direction === 'up' ? undo.steps : ups).find((one) => one.id === id)?.step
  const beside =
    (direction: 'up' | 'undo') =>
    async (id: string, step: Step): Promise<Companion | undefined> => {
      const opposite = oppositeOf(direction, id)
      const plan = await planStash(client, asText(step, options.sent[id]), {
        observed: options.observed,
        hideFrom: options.instant ? 0 : Number.POSITIVE_INFINITY,
        ...(opposite === undefined ? {} : { opposite: asText(opposite, undefined) }),
      })
      refused ??= plan.refuse
      if (direction === 'up') for (const { table } of plan.keeps) tables.add(`${table.schema}.${table.name}`)
      return stashing({ migration: id, direction, plan, budgetBytes, now: new Date(), ignore })
    }
  let rows: RowComparison
  try {
    await runGroup(client, stepsOf(group, 'up'), { observe: false, beside: beside('up') })
    if (refused !== undefined) return { instant, kept: [...tables], refused }
    const written = await writeAsTheNewRelease(client, image)
    await runGroup(client, undo.steps, { observe: false, beside: beside('undo') })
    const rowsAfter = await imageRows(client, image)
    const compared = written.leaveOut(compareRows(rowsBefore, rowsAfter, { newRows: 'expected' }))
    rows = await withSequences(client, compared, ignore)
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    const kept = [...tables]
    const failure = image.values === 'hash' ? error.withoutValues : error.message
    return refused === undefined ? { instant, kept, failure } : { instant, kept, refused }
  }
  const schema = compareCatalogues(before, await readCatalogue(client, { ignore }))
  return { instant, kept: [...tables], schema, rows }
}
