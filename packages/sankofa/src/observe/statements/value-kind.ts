/** What a parameter is, in JavaScript's words; never what it says. */
export function valueKind(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) {
    const first: unknown = value.find((item) => item !== null && item !== undefined)
    return first === undefined || Array.isArray(first) ? 'array' : `array of ${valueKind(first)}`
  }
  if (value instanceof Date) return 'date'
  if (ArrayBuffer.isView(value)) return 'bytes'
  return typeof value
}
