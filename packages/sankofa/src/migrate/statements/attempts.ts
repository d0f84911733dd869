import type { RecordedStatement } from '../../observe/index.ts'
import type { Attempt, RowKey } from './finding.ts'
import type { StatementUses, Use } from './parameter-uses.ts'
import { arrayOf, plainValue } from './plain-value.ts'
import type { ParameterType } from './prepared.ts'
import type { Relation } from './relations.ts'
import type { Samples } from './sample-relations.ts'

/** Values to try, not yet tried. */
export type Candidate = Omit<Attempt, 'rows'>

export type Known = {
  readonly recorded: RecordedStatement
  readonly uses: StatementUses
  readonly types: readonly ParameterType[]
  readonly samples: Samples
}

const rowsTried = 4

/** May the release send NULL there? Not, where it was seen to send other things only. */
export function maySendNull({ parameterTypes }: RecordedStatement, number: number): boolean {
  const kinds = parameterTypes?.[number - 1]
  return kinds === undefined || kinds === '' || kinds.split(' | ').includes('null')
}

/** Values that are merely of the right type: for where no row helps. */
export const plainAttempt = ({ types }: Known): Candidate => ({ values: types.map(plainValue) })

/** Values of rows as they are, one attempt a row. */
export function rowAttempts(known: Known): readonly Candidate[] {
  const { uses, types, samples } = known
  const { kind, target, expectsConflict } = uses
  const rows = Math.max(1, ...uses.relations.map((relation) => Math.min(rowsTried, samples.get(relation)?.length ?? 0)))
  // An INSERT of rows that it selects from its own table needs them there.
  const writes = [...uses.uses.values()].some((use) => use.relation === target && use.how === 'written')
  const attempts = new Map<string, Candidate>()
  const add = (candidate: Candidate): void => {
    const { values, instead } = candidate
    const key = JSON.stringify([values, instead !== undefined])
    if (!attempts.has(key)) attempts.set(key, candidate)
  }
  for (let row = 0; row < rows; row += 1) {
    const values = types.map((type, index) => valueFor(known, index + 1, type, row))
    const instead = kind === 'insert' && writes && target !== undefined ? rowKey(target, samples, row) : undefined
    if (instead !== undefined) add({ values, instead })
    if (instead === undefined || expectsConflict) add({ values })
  }
  return [...attempts.values()]
}

function valueFor(known: Known, number: number, type: ParameterType, row: number): string | null {
  const { uses, samples, recorded } = known
  if (uses.limits.has(number)) return '10'
  if (uses.offsets.has(number)) return '0'
  const use = uses.uses.get(number)
  if (use === undefined) return plainValue(type)
  if (use.how === 'pattern') return '%'
  const value = sampled(samples, use, row, use.how === 'written' && maySendNull(recorded, number))
  if (value === undefined) return plainValue(type)
  return use.isArray ? arrayOf([value]) : value
}

/** What the row has in the column; where that is NULL and must not be, what another row has. */
function sampled(samples: Samples, use: Use, row: number, mayBeNull: boolean): string | null | undefined {
  const index = use.relation.columns.indexOf(use.column)
  const values = (samples.get(use.relation) ?? []).map((columns) => columns[index])
  if (values.length === 0) return undefined
  const value = values[row % values.length]
  if (value !== null && value !== undefined) return value
  return mayBeNull ? null : (values.find((other) => other !== null && other !== undefined) ?? undefined)
}

function rowKey(target: Relation, samples: Samples, row: number): RowKey | undefined {
  const rows = samples.get(target) ?? []
  const values = rows[row % Math.max(1, rows.length)]
  for (const key of values === undefined ? [] : target.keys) {
    const columns = key.flatMap((number) => {
      const index = target.columns.findIndex((column) => column.number === number)
      const name = target.columns[index]?.name
      const value = values?.[index]
      return name === undefined || value === null || value === undefined ? [] : [{ name, number, value }]
    })
    if (columns.length === key.length) return { schema: target.schema, table: target.name, columns }
  }
  return undefined
}
