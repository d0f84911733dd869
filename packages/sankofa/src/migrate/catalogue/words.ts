import type { CatalogueObject, Value } from './catalogue.ts'
import type { Change } from './changes.ts'
import type { Reordered } from './column-order.ts'

export const sayPresence = (what: 'missing' | 'left over', object: CatalogueObject): string =>
  `${title(object)} is ${what} after the undo.`

export const sayRenamed = (object: CatalogueObject, twin: CatalogueObject): string =>
  `${title(object)} is now named ${twin.ownName}.`

export const sayOrder = ({ table, was, is }: Reordered): string =>
  `The columns of ${table} are in the order ${is.join(', ')}; it was ${was.join(', ')}.`

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
export function sayChange(object: CatalogueObject, { property, was, is }: Change): string {
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
      return `${what} has another text: ${firstLineApart(String(was ?? ''), String(is ?? ''))}.`
    case 'notNullName':
      return `${what}: its not-null constraint is now named ${is}; it was ${was}.`
    case 'definition':
      return `${what} is now ${String(is).trim()}; it was ${String(was).trim()}.`
    default:
      return sayPlain(what, labels[property] ?? inWords(property), was, is)
  }
}

const labels: Readonly<Record<string, string>> = {
  generated: 'expression that generates it',
  generatedKind: 'kind of generated column',
  identity: 'identity',
  options: 'options',
  persistence: 'kind of persistence',
  rowSecurity: 'row level security',
  rowSecurityForced: 'forced row level security',
  enabled: 'enabled state',
}

function sayPlain(what: string, label: string, was: Value, is: Value): string {
  if (was === null && is === true) return `${what} is ${label}; it was not.`
  if (was === true && is === null) return `${what} is no longer ${label}.`
  if (is === null) return `${what} lost its ${label} ${sayValue(was)}.`
  if (was === null) return `${what} has the ${label} ${sayValue(is)}; it had none.`
  return `${what} has the ${label} ${sayValue(is)}; it was ${sayValue(was)}.`
}

const inWords = (property: string): string => property.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const sayValue = (value: Value): string =>
  typeof value === 'string'
    ? shortened(value)
    : Array.isArray(value) && value.every((entry) => typeof entry !== 'object')
      ? shortened(value.join(', '))
      : shortened(JSON.stringify(value))

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 117)}…` : line
}

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

const privilegeNames: Readonly<Record<string, string>> = {
  r: 'select',
  w: 'update',
  a: 'insert',
  d: 'delete',
  D: 'truncate',
  x: 'references',
  t: 'trigger',
  m: 'maintain',
  X: 'execute',
  U: 'usage',
  C: 'create',
  c: 'connect',
  T: 'temporary',
  s: 'set',
  A: 'alter system',
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
  if (place === -1) return `it ends before "${shortened(before[now.length] ?? '')}"`
  return `line ${place + 1} is "${shortened(now[place] ?? '')}"; it was "${shortened(before[place] ?? '')}"`
}
