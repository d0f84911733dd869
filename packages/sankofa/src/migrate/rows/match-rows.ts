import type { ImageRow, TableImage } from './row-image.ts'

export type MatchedRows = {
  /** Rows of before, each with what it is now. */
  readonly pairs: readonly (readonly [before: ImageRow, after: ImageRow])[]
  readonly lost: number
  readonly added: number
}

/**
 * Finds for each row of before the row that it is now: by the primary key that it had; where there is none, or where the key
 * itself was altered, by as many equal values as possible.
 */
export function matchRows(before: TableImage, after: TableImage): MatchedRows {
  const shared = before.columns.flatMap(({ name }, place) => {
    const at = after.columns.findIndex((column) => column.name === name)
    return at < 0 ? [] : [{ name, place, at }]
  })
  const key = shared.filter(({ name }) => before.key.includes(name))
  const ways =
    key.length > 0 && key.length === before.key.length ? [key, shared.filter((one) => !key.includes(one))] : [shared]
  let lost = before.list ?? []
  let added = after.list ?? []
  const pairs: (readonly [ImageRow, ImageRow])[] = []
  for (const columns of ways) {
    const found = pairUp(lost, added, columns)
    pairs.push(...found.pairs)
    ;({ lost, added } = found)
  }
  // Without a key a row whose value changed is found by what it still has.
  if (key.length === 0) {
    const found = pairNearest(lost, added, shared)
    pairs.push(...found.pairs)
    ;({ lost, added } = found)
  }
  return { pairs, lost: lost.length, added: added.length }
}

type Shared = readonly { readonly place: number; readonly at: number }[]
type Left = { pairs: (readonly [ImageRow, ImageRow])[]; lost: readonly ImageRow[]; added: readonly ImageRow[] }

function pairUp(before: readonly ImageRow[], after: readonly ImageRow[], columns: Shared): Left {
  if (columns.length === 0) return { pairs: [], lost: before, added: after }
  const waiting = Map.groupBy(after, (row) => JSON.stringify(columns.map(({ at }) => row[at] ?? null)))
  const pairs: (readonly [ImageRow, ImageRow])[] = []
  const lost: ImageRow[] = []
  for (const row of before) {
    const match = waiting.get(JSON.stringify(columns.map(({ place }) => row[place] ?? null)))?.shift()
    if (match === undefined) lost.push(row)
    else pairs.push([row, match])
  }
  return { pairs, lost, added: [...waiting.values()].flat() }
}

/** Each pair costs a look at all rows that are left: for few of them only. */
const mostNear = 200

function pairNearest(before: readonly ImageRow[], after: readonly ImageRow[], columns: Shared): Left {
  if (before.length > mostNear || after.length > mostNear) return { pairs: [], lost: before, added: after }
  const left = [...after]
  const pairs: (readonly [ImageRow, ImageRow])[] = []
  const lost: ImageRow[] = []
  for (const row of before) {
    const equal = left.map(
      (other) => columns.filter(({ place, at }) => (row[place] ?? null) === (other[at] ?? null)).length,
    )
    const best = equal.indexOf(Math.max(...equal))
    const match = left[best]
    if (match === undefined || (equal[best] ?? 0) * 2 < columns.length) lost.push(row)
    else {
      pairs.push([row, match])
      left.splice(best, 1)
    }
  }
  return { pairs, lost, added: left }
}
