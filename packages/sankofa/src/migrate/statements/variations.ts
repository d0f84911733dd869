import { randomUUID } from 'node:crypto'
import { type Candidate, type Known, maySendNull } from './attempts.ts'
import type { Attempt } from './finding.ts'
import type { Use } from './parameter-uses.ts'
import type { RelationColumn } from './relations.ts'

/** Enough for each column of a usual INSERT; a statement with more parameters is tried with some of them. */
const variationsAtMost = 24
/** More than a length that people choose. */
const longText = 1_000

/**
 * Other values that the schema takes today and another one may not: NULL, an empty and a long text, zero, a large number,
 * every label of an enum, a second row like the first. What fails before the migration is no evidence, so each is tried.
 *
 * @param worked - what worked with a row as it is
 */
export function variationsOf(known: Known, worked: Attempt): readonly Candidate[] {
  const { uses, recorded } = known
  const candidates: Candidate[] = []
  const { values, instead } = worked
  const base = instead === undefined ? { values } : { values, instead }
  for (const [number, use] of uses.uses) {
    if (use.how !== 'written' || use.isArray) continue
    const isLiteral = recorded.parameterTypes?.[number - 1]?.endsWith(' literal') === true
    for (const [value, what] of otherValues(use.column, isLiteral, maySendNull(recorded, number))) {
      if (values[number - 1] === value) continue
      const column = `${use.relation.schema}.${use.relation.name}.${use.column.name}`
      candidates.push({ ...base, values: values.with(number - 1, value), variation: `${what} for ${column}` })
    }
  }
  const second = uses.kind === 'insert' && !uses.expectsConflict ? secondRow(known, worked) : undefined
  return [...(second === undefined ? [] : [second]), ...candidates].slice(0, variationsAtMost)
}

const integers = new Set(['int2', 'int4', 'int8'])
const numbers = new Set([...integers, 'numeric', 'float4', 'float8'])

function* otherValues(
  column: RelationColumn,
  isLiteral: boolean,
  mayBeNull: boolean,
): Iterable<readonly [value: string | null, what: string]> {
  const { base, length, labels, notNull } = column
  for (const label of labels ?? []) yield [label, `'${label}'`]
  // What a text has is always the same: of that, only the labels of an enum are known.
  if (isLiteral) return
  if (!notNull && mayBeNull) yield [null, 'NULL']
  if (base === 'text' || base === 'varchar' || base === 'bpchar') {
    yield ['x'.repeat(length ?? longText), `a text of ${length ?? longText} characters`]
    yield ['', 'an empty text']
  }
  if (numbers.has(base)) {
    yield ['0', '0']
    yield ['-1', '-1']
  }
  if (base === 'int4') yield ['2000000000', '2000000000']
  if (base === 'int8' || base === 'numeric') yield ['3000000000', '3000000000']
  if (base === 'numeric' || base === 'float8') yield ['0.125', '0.125']
  if (base === 'bool') {
    yield ['true', 'true']
    yield ['false', 'false']
  }
}

/** The same row again, beside the one that is there: only what is unique today is new. */
function secondRow({ uses, samples }: Known, { values, instead }: Attempt): Candidate | undefined {
  const { target } = uses
  if (target === undefined || instead === undefined) return undefined
  const other = [...values]
  for (const key of target.keys) {
    const written = [...uses.uses].filter(([, use]) => use.relation === target && key.includes(use.column.number))
    // A key that the database fills in is new by itself.
    if (written.length < key.length) continue
    const [first] = written
    const fresh = first === undefined ? undefined : freshValue(first[1], samples.get(target)?.length ?? 0)
    if (first === undefined || fresh === undefined) return undefined
    other[first[0] - 1] = fresh
  }
  return { values: other, variation: 'a second row with the same values' }
}

function freshValue({ column, isArray }: Use, rows: number): string | undefined {
  if (isArray) return undefined
  if (column.base === 'uuid') return randomUUID()
  if (integers.has(column.base)) return String(30_000 + rows)
  if (column.base === 'text' || column.base === 'varchar') return `second-${rows}`.slice(0, column.length ?? undefined)
  return undefined
}
