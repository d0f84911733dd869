import { compileLike, compileRegex } from './pattern.ts'
import { remember } from './remember.ts'
import { dayMs, isJson, isMoment, isSpan, type Value } from './value.ts'

/** What one of PostgreSQL's operators makes of two values. `undefined` when only the server can know. */
export function operate(name: string, left: Value, right: Value): Value {
  if (left === null || right === null) return null
  if (left === undefined || right === undefined) return undefined
  if (isJson(left) && (typeof right === 'string' || typeof right === 'number')) return lookUp(name, left.json, right)
  if (typeof left === 'string' && typeof right === 'string') {
    const pattern = matches(name, left, right)
    if (pattern !== undefined) return pattern
  }
  if (typeof left === 'number' && typeof right === 'number') return calculate(name, left, right)
  if (isMoment(left) || isSpan(left)) return calculateTime(name, left, right)
  if (typeof left !== typeof right || typeof left === 'object') return undefined
  if (name === '||') return typeof left === 'string' ? left + String(right) : undefined
  if (name === '=') return left === right
  if (name === '<>') return left !== right
  // The order of texts is the collation's: it is only known for the same text.
  if (left === right && ['<=', '>=', '<', '>'].includes(name)) return name.endsWith('=')
  if (typeof left === 'string' && (left === '' || right === ''))
    return calculate(name, left.length, String(right).length)
  return undefined
}

const likes = {
  sensitive: remember((pattern) => compileLike(pattern)),
  insensitive: remember((pattern) => compileLike(pattern, true)),
}
const regexes = {
  sensitive: remember((pattern) => compileRegex(pattern)),
  insensitive: remember((pattern) => compileRegex(pattern, true)),
}

function matches(name: string, text: string, pattern: string): boolean | undefined {
  const like = /^!?~~\*?$/.test(name)
  if (!like && !/^!?~\*?$/.test(name)) return undefined
  const insensitive = name.endsWith('*')
  const compiled = (like ? likes : regexes)[insensitive ? 'insensitive' : 'sensitive'](pattern)
  return compiled === undefined ? undefined : compiled.test(text) !== name.startsWith('!')
}

function calculate(name: string, left: number, right: number): Value {
  switch (name) {
    case '=':
      return left === right
    case '<>':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '%':
      return right === 0 ? undefined : left % right
    case '&':
      return left & right
    default:
      return undefined
  }
}

function lookUp(name: string, json: unknown, key: string | number): Value {
  if (typeof json !== 'object' || json === null) return name === '?' ? json === key : null
  const inner = (json as Readonly<Record<string | number, unknown>>)[key]
  if (name === '?') return Array.isArray(json) ? json.includes(key) : key in json
  if (name === '->') return inner === undefined ? null : { json: inner }
  if (name !== '->>') return undefined
  if (inner === undefined || inner === null) return null
  return typeof inner === 'string' ? inner : JSON.stringify(inner)
}

function calculateTime(name: string, left: Value, right: Value): Value {
  const sign = name === '-' ? -1 : 1
  if (isSpan(left)) {
    return isSpan(right) && !['+', '-'].includes(name) ? calculate(name, left.spanMs, right.spanMs) : undefined
  }
  if (!isMoment(left)) return undefined
  if (isMoment(right)) {
    if (name !== '-') return calculate(name, left.atMs, right.atMs)
    const apart = left.atMs - right.atMs
    return left.date && right.date ? apart / dayMs : { spanMs: apart }
  }
  if (name !== '+' && name !== '-') return undefined
  // A date and a number of days is a date; with an interval it is a timestamp.
  if (typeof right === 'number') return { atMs: left.atMs + sign * right * dayMs, date: left.date }
  return isSpan(right) ? { atMs: left.atMs + sign * right.spanMs, date: false } : undefined
}
