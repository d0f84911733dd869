import { canonical } from './canonical.ts'
import type { Value } from './catalogue.ts'

export const sayValue = (value: Value): string => shortened(plainly(value))

/** Fields that are set, without their punctuation. */
function plainly(value: Value): string {
  if (Array.isArray(value)) return value.map(plainly).join(', ')
  if (value === null || typeof value !== 'object') return String(value)
  const entries = Object.values(value as Readonly<Record<string, Value>>).filter((field) => field !== null)
  return entries.map(plainly).join(' ')
}

/** Of records, the fields that differ; of long lists, the entries. */
export function onlyApart(was: Value, is: Value): readonly [Value, Value] {
  if (Array.isArray(was) && Array.isArray(is) && Math.max(was.length, is.length) > 6) {
    const before = was.filter((entry) => !is.some((other) => canonical(other) === canonical(entry)))
    const after = is.filter((entry) => !was.some((other) => canonical(other) === canonical(entry)))
    return before.length + after.length === 0 ? [was, is] : [before, after]
  }
  if (!isRecord(was) || !isRecord(is)) return [was, is]
  const apart = Object.keys({ ...was, ...is }).filter((key) => canonical(was[key]) !== canonical(is[key]))
  const said = (record: Readonly<Record<string, Value>>): string =>
    apart.map((key) => `${key} ${plainly(record[key] ?? 'none')}`).join(', ')
  return [said(was), said(is)]
}

const isRecord = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const onOneLine = (text: string): string => text.replace(/\s+/g, ' ').replace(/;$/, '').trim()

function shortened(text: string): string {
  const line = onOneLine(text)
  return line.length > 120 ? `${line.slice(0, 117)}…` : line
}
