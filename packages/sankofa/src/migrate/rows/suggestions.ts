import type { Node } from 'libpg-query'
import { evaluate } from './evaluate.ts'
import { columnName, lastName, nodesIn } from './expression.ts'
import { textLike, textMatching } from './pattern.ts'
import type { Random } from './random.ts'
import { rememberOf } from './remember.ts'
import { bare, type Column, type Type } from './table.ts'
import { dayMs, isJson, isMoment, toText, type Value } from './value.ts'

type Get = (column: string) => Value
/** A place in a condition where a column meets something else. */
type Meeting = {
  readonly via: string
  readonly key?: string
  readonly operator: string
  readonly other: Node | undefined
}

/**
 * Values that a condition itself names, or that lie at its edges: what it compares a column with, a unit more and less, a
 * text of the length it asks for, one that its pattern takes.
 */
export function suggestions(
  condition: Node,
  columns: readonly Column[],
): (column: Column, now: string | null | undefined, get: Get, random: Random) => readonly (string | null)[] {
  const meetings = meetingsIn(condition)
  const byNumber = new Map(columns.map((column) => [column.number, meetings.get(column.name) ?? []]))
  return (column, now, get, random) => {
    const values = (byNumber.get(column.number) ?? []).flatMap((meeting) => valuesAt(meeting, column, now, get, random))
    const made = [...values, ...edgesOf(bare(column.type))].filter((value) => value !== undefined)
    return column.notNull ? made.filter((value) => value !== null) : made
  }
}

const meetingsIn = rememberOf((condition: Node): ReadonlyMap<string, readonly Meeting[]> => {
  const found = new Map<string, Meeting[]>()
  for (const node of nodesIn(condition)) {
    if (!('A_Expr' in node)) continue
    const { name, lexpr, rexpr } = node.A_Expr
    const operator = lastName(name)
    for (const [side, other] of [
      [lexpr, rexpr],
      [rexpr, lexpr],
    ] as const) {
      const target = side && columnWithin(side)
      if (target === undefined) continue
      const known = found.get(target.column) ?? []
      found.set(target.column, known)
      known.push({ ...target, operator, other })
    }
  }
  return found
})

/** The column that a side is, perhaps inside one function or one look into JSON. */
function columnWithin(node: Node): { column: string; via: string; key?: string } | undefined {
  const name = columnName(node)
  if (name !== undefined) return { column: name, via: '' }
  if ('TypeCast' in node) return node.TypeCast.arg && columnWithin(node.TypeCast.arg)
  if ('CoalesceExpr' in node) return node.CoalesceExpr.args?.[0] && columnWithin(node.CoalesceExpr.args[0])
  if ('FuncCall' in node) {
    const inner = node.FuncCall.args?.map(columnWithin).find((found) => found !== undefined)
    return inner && { ...inner, via: inner.via || lastName(node.FuncCall.funcname) }
  }
  if ('A_Expr' in node && ['->', '->>'].includes(lastName(node.A_Expr.name))) {
    const inner = node.A_Expr.lexpr && columnWithin(node.A_Expr.lexpr)
    const key = evaluate(node.A_Expr.rexpr, () => undefined)
    return inner && typeof key === 'string' ? { ...inner, via: 'json', key } : undefined
  }
  if ('A_Expr' in node && node.A_Expr.lexpr !== undefined) return columnWithin(node.A_Expr.lexpr)
  return undefined
}

const lengths = new Set(['length', 'char_length', 'character_length', 'octet_length'])

function valuesAt(
  { via, key, operator, other }: Meeting,
  { type }: Column,
  now: string | null | undefined,
  get: Get,
  random: Random,
): (string | null | undefined)[] {
  const value = evaluate(other, get)
  if (value === undefined || value === null) return []
  if (lengths.has(via) && typeof value === 'number') {
    return [value, value + 1, value - 1].flatMap((length) => ofLength(length, { now, type: bare(type), via, random }))
  }
  if (via === 'jsonb_typeof' || via === 'json_typeof') return ['{}', '[]', '"a"', '1', 'true', 'null']
  if (key !== undefined) return [JSON.stringify({ [key]: isJson(value) ? value.json : value })]
  if (operator === '?' && typeof value === 'string') return [JSON.stringify({ [value]: 1 }), JSON.stringify([value])]
  if (typeof value === 'string') {
    if (/^!?~\*?$/.test(operator)) return [0, 1, 2].map(() => textMatching(value, random))
    if (/^!?~~\*?$/.test(operator)) return [textLike(value, 'ama'), textLike(value, '')]
    return [value, value.toLowerCase(), value.toUpperCase(), `${value}a`]
  }
  // Only where a number is meant: a difference of dates says nothing of either date.
  if (typeof value === 'number' && bare(type).category !== 'N') return []
  if (typeof value === 'number') return around(value, bare(type)).map((near) => toText(near, type))
  if (isMoment(value)) {
    return [0, dayMs, -dayMs, 30 * dayMs].map((apart) => toText({ ...value, atMs: value.atMs + apart }, type))
  }
  const each = Array.isArray(value) ? value : [value]
  return each.map((one: Value) => (typeof one === 'string' ? textFor(one, operator, random) : toText(one, type)))
}

const textFor = (value: string, operator: string, random: Random): string => {
  if (/^!?~\*?$/.test(operator)) return textMatching(value, random)
  return /^!?~~\*?$/.test(operator) ? textLike(value, 'ama') : value
}

function around(value: number, { name }: Type): readonly number[] {
  const near = [value, value + 1, value - 1, Math.round(value / 2)]
  return ['numeric', 'float4', 'float8'].includes(name)
    ? [...near, value + 0.5, value - 0.5, value + 0.01, value - 0.01]
    : near
}

type Sized = {
  readonly now: string | null | undefined
  readonly type: Type
  readonly via: string
  readonly random: Random
}

/** What is there, cut or made longer, and where cutting may leave the same of many rows, one by chance. */
function ofLength(length: number, { now, type, via, random }: Sized): readonly string[] {
  if (length < 0 || length > 100_000) return []
  if (type.name === 'bytea') return [`\\x${byChance(length * 2, '0123456789abcdef', random)}`]
  // Of octets a character may have several.
  const text = [...(now ?? '')].filter((character) => via !== 'octet_length' || character <= '~')
  const other = byChance(length, 'abcdefghijklmnopqrstuvwxyz0123456789', random)
  if (text.length > length) return [text.slice(0, length).join(''), other]
  return [text.join('') + other.slice(text.length)]
}

/** The last of them differ: enough for any number of rows. */
function byChance(length: number, characters: string, random: Random): string {
  const different = Array.from({ length: Math.min(length, 12) }, () => characters[random(characters.length)])
  return 'a'.repeat(length - different.length) + different.join('')
}

/** What conditions often turn on, by type. */
function edgesOf(type: Exclude<Type, { kind: 'domain' }>): readonly string[] {
  if (type.kind === 'enum') return type.labels
  if (type.kind === 'array') return ['{}']
  if (type.kind !== 'base') return []
  if (type.name === 'bool') return ['t', 'f']
  if (type.category === 'N' && !type.name.startsWith('reg')) return ['0', '1', '-1', '2', '10', '100']
  if (type.name === 'json' || type.name === 'jsonb') return ['{}', '[]']
  if (type.name === 'date') return ['2001-02-03', '2099-12-30']
  if (type.name.startsWith('timestamp')) return ['2001-02-03 04:05:06', '2099-12-30']
  if (type.category === 'T') return ['0', '1 day', '-1 day']
  return type.category === 'S' ? ['a', 'A', '1', 'abc', ''] : []
}
