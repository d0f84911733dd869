import { isBytes, isJson, type Value } from './value.ts'

/** PostgreSQL's functions that checks are made of. `undefined` for any other. */
export function callFunction(name: string, values: readonly Value[]): Value {
  if (name === 'num_nonnulls' || name === 'num_nulls') {
    if (values.includes(undefined)) return undefined
    return values.filter((value) => (value === null) === (name === 'num_nulls')).length
  }
  if (name === 'now' || name.endsWith('_timestamp'))
    return values.length === 0 ? { atMs: Date.now(), date: false } : undefined
  if (values.includes(undefined)) return undefined
  const known = functions[name]
  if (known === undefined) return undefined
  return values.includes(null) ? null : known(values)
}

const ofText =
  (apply: (text: string, ...rest: readonly Value[]) => Value) =>
  ([first, ...rest]: readonly Value[]): Value =>
    typeof first === 'string' ? apply(first, ...rest) : undefined

const length = ([value]: readonly Value[]): Value =>
  isBytes(value) ? value.bytes : typeof value === 'string' ? [...value].length : undefined

const size = ([value]: readonly Value[]): Value => (Array.isArray(value) ? value.length : undefined)

/** The kind of what a JSON value is, as PostgreSQL names it. */
const jsonKind = ([value]: readonly Value[]): Value => {
  if (!isJson(value)) return undefined
  if (value.json === null) return 'null'
  return Array.isArray(value.json) ? 'array' : typeof value.json
}

const trimmed =
  (start: boolean, end: boolean) =>
  (text: string, characters: Value = ' '): Value => {
    if (typeof characters !== 'string') return undefined
    let [from, to] = [0, text.length]
    while (start && from < to && characters.includes(text.charAt(from))) from++
    while (end && to > from && characters.includes(text.charAt(to - 1))) to--
    return text.slice(from, to)
  }

/** Beyond ASCII the case of a letter is the locale's: in "C" it has none. */
const inAnyLocale = (text: string, cased: string): Value =>
  cased === text || /^[\x20-\x7e\s]*$/.test(text) ? cased : undefined

const functions: Readonly<Record<string, (values: readonly Value[]) => Value>> = {
  length,
  char_length: length,
  character_length: length,
  octet_length: ([value]) =>
    isBytes(value) ? value.bytes : typeof value === 'string' ? Buffer.byteLength(value) : undefined,
  lower: ofText((text) => inAnyLocale(text, text.toLowerCase())),
  upper: ofText((text) => inAnyLocale(text, text.toUpperCase())),
  btrim: ofText(trimmed(true, true)),
  ltrim: ofText(trimmed(true, false)),
  rtrim: ofText(trimmed(false, true)),
  strpos: ofText((text, part) => (typeof part === 'string' ? text.indexOf(part) + 1 : undefined)),
  position: ofText((text, part) => (typeof part === 'string' ? text.indexOf(part) + 1 : undefined)),
  starts_with: ofText((text, part) => (typeof part === 'string' ? text.startsWith(part) : undefined)),
  replace: ofText((text, from, to) =>
    typeof from === 'string' && typeof to === 'string' && from !== '' ? text.replaceAll(from, to) : undefined,
  ),
  left: ofText((text, count) => (typeof count === 'number' && count >= 0 ? text.slice(0, count) : undefined)),
  right: ofText((text, count) => (typeof count === 'number' && count > 0 ? text.slice(-count) : undefined)),
  abs: ([value]) => (typeof value === 'number' ? Math.abs(value) : undefined),
  cardinality: size,
  array_length: (values) => (values[1] === 1 ? size(values) || null : undefined),
  jsonb_typeof: jsonKind,
  json_typeof: jsonKind,
  jsonb_array_length: ([value]) => (isJson(value) && Array.isArray(value.json) ? value.json.length : undefined),
}
