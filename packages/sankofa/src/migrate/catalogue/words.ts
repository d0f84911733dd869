import type { CatalogueObject, Value } from './catalogue.ts'
import type { Change } from './changes.ts'
import type { Reordered } from './column-order.ts'
import { onlyApart, onOneLine, sayValue } from './say-value.ts'
import { privilegeNames, states } from './states.ts'

export const sayPresence = (what: 'missing' | 'left over', object: CatalogueObject): string =>
  `${title(object)} is ${what} after the undo.`

export const sayRenamed = (object: CatalogueObject, twin: CatalogueObject): string =>
  `${title(object)} is now named ${twin.ownName}.`

export function sayOrder({ table, was, is }: Reordered): string {
  const stayed = longestInOrder(is.map((column) => was.indexOf(column)))
  const moved = is.flatMap((column, place) =>
    stayed.has(was.indexOf(column)) ? [] : [`${column} is at place ${place + 1}, it was at ${was.indexOf(column) + 1}`],
  )
  return `The columns of table ${table} are in another order: ${moved.join('; ')}.`
}

/** The most numbers that rise as they stand: whoever is not among them has moved. */
function longestInOrder(numbers: readonly number[]): ReadonlySet<number> {
  const endingAt: number[][] = []
  for (const [place, number] of numbers.entries()) {
    const before = endingAt.slice(0, place).filter((row) => (row.at(-1) ?? 0) < number)
    endingAt.push([...(before.sort((one, other) => other.length - one.length)[0] ?? []), number])
  }
  return new Set(endingAt.sort((one, other) => other.length - one.length)[0])
}

const constraintTitles: Readonly<Record<string, string>> = {
  p: 'Primary key',
  u: 'Unique constraint',
  c: 'Check',
  f: 'Foreign key',
  x: 'Exclusion constraint',
  n: 'Not-null constraint',
}

/** What it is and its name, as the first words of a sentence. */
export function title({ kind, name, properties }: CatalogueObject): string {
  const forms: Readonly<Record<string, string>> = { p: 'Procedure', a: 'Aggregate', w: 'Window function' }
  const noun =
    kind === 'constraint'
      ? (constraintTitles[String(properties.type)] ?? 'Constraint')
      : kind === 'function'
        ? (forms[String(properties.form)] ?? 'Function')
        : `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
  return `${noun} ${name}`
}

/** The one sentence for a property that is not what it was. */
export function sayChange(object: CatalogueObject, { property, was, is, weight }: Change): string {
  const what = title(object)
  switch (property) {
    case 'nullable':
      return is === true ? `${what} is nullable; it was not null.` : `${what} is not null; it was nullable.`
    case 'onDelete':
    case 'onUpdate':
      return `${what} ${sayAction(property === 'onDelete' ? 'ON DELETE' : 'ON UPDATE', String(was), String(is))}.`
    case 'privileges':
      return `${what}: ${sayPrivileges(asList(was), asList(is))}.`
    case 'labels':
      return `${what} has the labels ${asList(is).join(', ')}; it had ${asList(was).join(', ')}.`
    case 'text':
    case 'body':
    case 'sqlBody':
      if (weight === 'cosmetic') return `${what} has the same text in another layout.`
      return `${what} has another text: ${firstLineApart(String(was ?? ''), String(is ?? ''))}.`
    case 'notNullName':
      return `${what}: its not-null constraint is now named ${is}; it was ${was}.`
    case 'definition':
      return `${what} is now ${onOneLine(String(is))}; it was ${onOneLine(String(was))}.`
    case 'ownedBy':
      return is === null
        ? `${what} is owned by no column; it was by ${asList(was).join('.')}.`
        : `${what} is owned by ${asList(is).join('.')}; it was ${was === null ? 'not' : `by ${asList(was).join('.')}`}.`
    case 'installedIn':
      return `${what} is in the schema ${is}; it was in ${was}.`
    default:
      return sayPlain(what, property, was, is)
  }
}

const labels: Readonly<Record<string, string>> = {
  using: 'condition',
  check: 'condition on new rows',
  generated: 'expression that generates it',
}

const inThePast = (state: string): string => state.replace(/^is /, 'was ').replace(/^has /, 'had ')

const notInThePast = (state: string): string =>
  state.startsWith('is ') ? 'was not' : state.startsWith('has ') ? 'had not' : 'did not'

const noLonger = (state: string): string =>
  state.startsWith('is ') ? `is no longer ${state.slice(3)}` : `no longer ${state}`

function sayPlain(what: string, property: string, was: Value, is: Value): string {
  const now = states[property]?.[String(is)]
  const then = states[property]?.[String(was)]
  if (now !== undefined) return `${what} ${now}; it ${then === undefined ? notInThePast(now) : inThePast(then)}.`
  if (then !== undefined && is === null) return `${what} ${noLonger(then)}.`
  const label = labels[property] ?? inWords(property)
  if (was === null && is === true) return `${what} is ${label}; it was not.`
  if (was === true && is === null) return `${what} is no longer ${label}.`
  if (is === null) return `${what} lost its ${label} ${sayValue(was)}.`
  if (was === null) return `${what} has the ${label} ${sayValue(is)}; it had none.`
  const [before, after] = onlyApart(was, is)
  if (Array.isArray(after) && after.length === 0) return `${what} lost ${sayValue(before)} of its ${label}.`
  if (Array.isArray(before) && before.length === 0) return `${what} has ${sayValue(after)} more of its ${label}.`
  return `${what} has the ${label} ${sayValue(after)}; it was ${sayValue(before)}.`
}

const inWords = (property: string): string => property.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const actions: Readonly<Record<string, string>> = {
  a: 'NO ACTION',
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
}

function sayAction(when: string, was: string, is: string): string {
  if (is === 'a') return `lost ${when} ${actions[was]}`
  if (was === 'a') return `has ${when} ${actions[is]}; it had none`
  return `has ${when} ${actions[is]}; it was ${actions[was]}`
}

/** `grantee=letters/grantor`, as the server writes it; nobody before the sign is everybody. */
function sayPrivileges(was: readonly string[], is: readonly string[]): string {
  const lost = was.filter((entry) => !is.includes(entry)).map(sayGrant)
  const gained = is.filter((entry) => !was.includes(entry)).map(sayGrant)
  if (lost.length === 0) return `${gained.join(', ')} is granted; it was not`
  if (gained.length === 0) return `${lost.join(', ')} is no longer granted`
  return `${gained.join(', ')} is granted; it was ${lost.join(', ')}`
}

function sayGrant(entry: string): string {
  const split = entry.lastIndexOf('=')
  const letters = entry.slice(split + 1, entry.lastIndexOf('/'))
  const names = [...letters].map((letter) =>
    letter === '*' ? 'with grant option' : (privilegeNames[letter] ?? letter),
  )
  return `${names.join(' ').replaceAll(' with grant option', '*')} to ${entry.slice(0, split) || 'public'}`
}

const asList = (value: Value): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

function firstLineApart(was: string, is: string): string {
  const before = was.split('\n').map((line) => line.trim())
  const now = is.split('\n').map((line) => line.trim())
  const place = now.findIndex((line, index) => line !== before[index])
  if (place === -1) return `it ends before "${before[now.length] ?? ''}"`
  return `line ${place + 1} is "${(now[place] ?? '').slice(0, 120)}"; it was "${(before[place] ?? '').slice(0, 120)}"`
}
