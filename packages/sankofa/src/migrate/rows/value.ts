import { bare, type Type } from './table.ts'

/** A value as an expression sees it. `undefined`: it cannot be known here, only by the server. */
export type Value = null | boolean | number | string | readonly Value[] | Json | Bytes | Moment | Span | undefined
type Json = { readonly json: unknown }
type Bytes = { readonly bytes: number }
/** A date or a timestamp. Microseconds are the fraction of its milliseconds. */
type Moment = { readonly atMs: number; readonly date: boolean }
type Span = { readonly spanMs: number }

export const isJson = (value: Value): value is Json => typeof value === 'object' && value !== null && 'json' in value
export const isBytes = (value: Value): value is Bytes => typeof value === 'object' && value !== null && 'bytes' in value

export const isMoment = (value: Value): value is Moment =>
  typeof value === 'object' && value !== null && 'atMs' in value
export const isSpan = (value: Value): value is Span => typeof value === 'object' && value !== null && 'spanMs' in value

const numbers = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'oid', 'money'])
const texts = new Set(['text', 'varchar', 'bpchar', 'citext', 'name', 'uuid', 'char'])
const moments = new Set(['date', 'timestamp', 'timestamptz'])

/** Reads the text form of a column of this type. */
export function toValue(text: string | null | undefined, type: Type): Value {
  if (text === null || text === undefined) return text
  const real = bare(type)
  if (real.kind === 'array') return parseArray(text)?.map((item) => toValue(item, real.of))
  if (real.kind === 'enum') return text
  return real.kind === 'base' ? toNamedValue(text, real.name) : undefined
}

/** The same for a type that is only known by its name, as in a cast. */
export function toNamedValue(text: string, name: string): Value {
  if (numbers.has(name)) return Number.isNaN(Number(text)) ? undefined : Number(text)
  if (name === 'bpchar') return text.trimEnd()
  if (texts.has(name)) return text
  if (name === 'bool') return /^(t|true|on|yes|1)$/i.test(text)
  if (moments.has(name)) return toMoment(text, name === 'date')
  if (name === 'interval') return toSpan(text)
  if (name === 'json' || name === 'jsonb') return parseJson(text)
  if (name === 'bytea') return text.startsWith('\\x') ? { bytes: (text.length - 2) / 2 } : undefined
  return undefined
}

function toMoment(text: string, isDate: boolean): Moment | undefined {
  const [date = '', clock = '00:00:00', zone = 'Z'] = /^(\S+?)(?:[ T]([\d:.]+)(\S*))?$/.exec(text)?.slice(1) ?? []
  const ms = Date.parse(`${date}T${clock}${/^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone || 'Z'}`)
  if (Number.isNaN(ms)) return undefined
  const micros = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? ''
  return { atMs: isDate ? ms - (ms % dayMs) : ms + Number(`0.${micros.padEnd(3, '0')}`), date: isDate }
}

export const dayMs = 86_400_000
const unitMs: Readonly<Record<string, number>> = { year: 365.25 * dayMs, mon: 30 * dayMs, day: dayMs }

/** Months are taken for 30 days: near enough to find a row, and the server decides. */
function toSpan(text: string): Span | undefined {
  let spanMs = 0
  const rest = text
    .replace(/^@ /, '')
    .replaceAll(/([+-]?\d+) (year|mon|day)(?:th)?s?/g, (_, count: string, unit: string) => {
      spanMs += Number(count) * (unitMs[unit] ?? 0)
      return ''
    })
    .trim()
  if (rest === '' || rest === '0') return { spanMs }
  const clock = /^([+-]?)(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(rest)
  if (clock === null) return undefined
  const [, sign, hours, minutes, seconds = '0'] = clock
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000
  return { spanMs: spanMs + (sign === '-' ? -ms : ms) }
}

function parseJson(text: string): Json | undefined {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** One-dimensional array literals. */
export function parseArray(text: string): readonly (string | null)[] | undefined {
  if (!text.startsWith('{') || text.startsWith('{{')) return undefined
  const items: (string | null)[] = []
  let index = 1
  while (index < text.length && text[index] !== '}') {
    let item = ''
    const quotes = text[index] === '"'
    if (quotes) {
      for (index++; index < text.length && text[index] !== '"'; index++) {
        if (text[index] === '\\') index++
        item += text[index] ?? ''
      }
      index++
    } else {
      for (; index < text.length && text[index] !== ',' && text[index] !== '}'; index++) item += text[index]
    }
    items.push(!quotes && item.toUpperCase() === 'NULL' ? null : item)
    if (text[index] === ',') index++
  }
  return items
}

/** The text of a value in a column of this type; `undefined` where it has none. */
export function toText(value: Value, type: Type): string | null | undefined {
  if (value === null || value === undefined) return value
  const real = bare(type)
  if (isMoment(value)) return momentText(value.atMs, real.name)
  if (typeof value === 'number' && /^int|^oid/.test(real.name)) return String(Math.trunc(value))
  if (typeof value === 'object') return isJson(value) ? JSON.stringify(value.json) : undefined
  return String(value)
}

function momentText(ms: number, name: string): string | undefined {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return undefined
  const iso = date.toISOString()
  if (name === 'date') return iso.slice(0, 10)
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${name === 'timestamptz' ? '+00' : ''}`
}
