import type { Value } from './catalogue.ts'

/** JSON with the keys in one order: two values are the same when their texts are. */
export function canonical(value: Value | undefined): string {
  if (value === undefined || value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value as Readonly<Record<string, Value>>).sort(([one], [other]) =>
    one < other ? -1 : 1,
  )
  return `{${entries.map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`).join(',')}}`
}
