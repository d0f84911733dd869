import type { Row } from './rule.ts'
import type { Sample } from './sample-sql.ts'
import type { Reference } from './table.ts'

export type Missing = {
  readonly sample: Sample
  readonly columns: readonly number[]
  readonly keys: readonly (readonly string[])[]
}

/** Keys asked for at once. */
const mostKeys = 500

/** A sample is held in memory. Beyond these its chains are cut: answers to answers may go on for a whole table. */
const mostRows = 2_000
const mostBytes = 64 * 1024 * 1024

/** Keys that rows refer to and that have not been asked for yet. */
export function missingParents(samples: ReadonlyMap<string, Sample>): readonly Missing[] {
  const missing: Missing[] = []
  for (const { child, reference, parent } of references(samples)) {
    if (parent.rows.length >= mostRows || parent.size.bytes >= mostBytes) continue
    const place = reference.toColumns.join(',')
    const asked = parent.keys.get(place) ?? new Set()
    parent.keys.set(place, asked)
    for (const row of parent.rows) asked.add(keyOf(row, reference.toColumns) ?? '')
    const keys = new Map<string, readonly string[]>()
    for (const row of child.rows) {
      const key = keyOf(row, reference.columns)
      if (key !== undefined && !asked.has(key) && keys.size < mostKeys)
        keys.set(key, JSON.parse(key) as readonly string[])
    }
    for (const key of keys.keys()) asked.add(key)
    if (keys.size > 0) missing.push({ sample: parent, columns: reference.toColumns, keys: [...keys.values()] })
  }
  return missing
}

/** Rows that refer to nothing, since a chain was cut or a parent could not be read: NULL where that is allowed, else they go. */
export function prune(samples: ReadonlyMap<string, Sample>): void {
  for (let altered = true; altered; ) {
    altered = false
    for (const { child, reference, parent } of references(samples)) {
      const keys = new Set(parent?.rows.map((row) => keyOf(row, reference.toColumns)))
      const nullable = reference.columns.filter(
        (number) => child.table.columns.find((column) => column.number === number)?.notNull === false,
      )
      const kept = child.rows.filter((row) => {
        const key = keyOf(row, reference.columns)
        if (key === undefined || keys.has(key)) return true
        altered = true
        const canBeNull = reference.full ? nullable.length === reference.columns.length : nullable.length > 0
        for (const number of canBeNull ? nullable : []) row.set(number, null)
        return canBeNull
      })
      child.rows.splice(0, Number.POSITIVE_INFINITY, ...kept)
    }
  }
}

type Referring = { readonly child: Sample; readonly reference: Reference; readonly parent: Sample }

function* references(samples: ReadonlyMap<string, Sample>): Generator<Referring> {
  const byOid = new Map([...samples.values()].map((sample) => [sample.table.oid, sample]))
  for (const child of samples.values()) {
    for (const reference of child.table.references) {
      const parent = byOid.get(reference.to)
      // A parent that is left out of the sample has its own rows in the shadow, or none: the shadow decides.
      if (parent !== undefined) yield { child, reference, parent }
    }
  }
}

function keyOf(row: Row, numbers: readonly number[]): string | undefined {
  const parts = numbers.map((number) => row.get(number))
  return parts.includes(null) || parts.includes(undefined) ? undefined : JSON.stringify(parts)
}
