import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { home, quote, reference } from './identifiers.ts'
import { listOf } from './plan-undo.ts'

type Grant = { readonly role: string; readonly letter: string; readonly passedOn: boolean }

const names: Readonly<Record<string, string>> = {
  ...{
    r: 'select',
    w: 'update',
    a: 'insert',
    d: 'delete',
    D: 'truncate',
    x: 'references',
    t: 'trigger',
    m: 'maintain',
  },
  ...{ X: 'execute', U: 'usage', C: 'create' },
}

/** Who may do what, by name: what the object would have right after it is made, turned into what it had. */
export function privilegeStatements(
  before: CatalogueObject,
  now: readonly string[],
  version: number,
): readonly string[] {
  const had = readGrants(listOf(before.properties.privileges))
  const has = readGrants(now)
  const missing = had.filter((grant) => !has.some((other) => same(grant, other)))
  const over = has.filter((grant) => !had.some((other) => same(grant, other)))
  return [
    ...byRole(over).map(([role, letters]) => `revoke ${said(letters, before, version)} from ${role}`),
    ...byRole(missing.filter(({ passedOn }) => !passedOn)).map(
      ([role, letters]) => `grant ${said(letters, before, version)} to ${role}`,
    ),
    ...byRole(missing.filter(({ passedOn }) => passedOn)).map(
      ([role, letters]) => `grant ${said(letters, before, version)} to ${role} with grant option`,
    ),
  ]
}

const kinds: Readonly<Record<string, string>> = {
  r: 'tables',
  S: 'sequences',
  f: 'functions',
  T: 'types',
  n: 'schemas',
}

/** Of what a role will make later. `object` is how it was, or how it is now where there was nothing. */
export function defaultPrivilegeStatements(
  object: CatalogueObject,
  wanted: readonly string[],
  now: readonly string[],
  version: number,
): readonly string[] {
  const { role, inSchema, of } = object.properties
  const alter = `alter default privileges for role ${quote(String(role))}${inSchema === undefined ? '' : ` in schema ${quote(String(inSchema))}`}`
  const what = `on ${kinds[String(of)] ?? 'large objects'}`
  const had = readGrants(wanted)
  const has = readGrants(now)
  const list = (letters: readonly string[]): string =>
    of === 'r' && isAllOfTable(letters, version) ? 'all' : letters.map((letter) => names[letter] ?? letter).join(', ')
  return [
    ...byRole(has.filter((grant) => !had.some((other) => same(grant, other)))).map(
      ([grantee, letters]) => `${alter} revoke ${list(letters)} ${what} from ${grantee}`,
    ),
    ...byRole(had.filter((grant) => !has.some((other) => same(grant, other)))).map(
      ([grantee, letters]) => `${alter} grant ${list(letters)} ${what} to ${grantee}`,
    ),
  ]
}

/** What `create` gives: all to the owner, and to everybody what PostgreSQL gives everybody. */
export function privilegesWhenMade(object: CatalogueObject, version: number): readonly string[] {
  const owner = String(object.properties.owner ?? '')
  const give = (letters: string, everybody = ''): readonly string[] => [
    ...(everybody === '' ? [] : [`=${everybody}/${owner}`]),
    `${owner}=${letters}/${owner}`,
  ]
  switch (object.kind) {
    case 'table':
    case 'foreign table':
    case 'view':
    case 'materialized view':
      return give(allOfTable(version))
    case 'sequence':
      return give('rwU')
    case 'function':
      return give('X', 'X')
    case 'type':
    case 'domain':
      return give('U', 'U')
    case 'schema':
      return give('UC')
    default:
      return []
  }
}

const allOfTable = (version: number): string => (version >= 170_000 ? 'arwdDxtm' : 'arwdDxt')

/** Then it is said so: what "all" is differs between versions, and the statement may run on another one. */
const isAllOfTable = (letters: readonly string[], version: number): boolean =>
  [...allOfTable(version)].every((letter) => letters.includes(letter))

function readGrants(entries: readonly string[]): readonly Grant[] {
  return entries.flatMap((entry) => {
    const split = entry.lastIndexOf('=')
    const role = entry.slice(0, split)
    const letters = entry.slice(split + 1, entry.lastIndexOf('/'))
    return [...letters].flatMap((letter, place) =>
      letter === '*'
        ? []
        : [
            {
              role: role === '' ? 'public' : role.startsWith('"') ? role : quote(role),
              letter,
              passedOn: letters[place + 1] === '*',
            },
          ],
    )
  })
}

const same = (one: Grant, other: Grant): boolean =>
  one.role === other.role && one.letter === other.letter && one.passedOn === other.passedOn

function byRole(grants: readonly Grant[]): readonly (readonly [string, readonly string[]])[] {
  const roles = new Map<string, string[]>()
  for (const { role, letter } of grants) roles.set(role, [...(roles.get(role) ?? []), letter])
  return [...roles]
}

const likeTables: ReadonlySet<CatalogueObject['kind']> = new Set([
  'table',
  'foreign table',
  'view',
  'materialized view',
])

function said(letters: readonly string[], object: CatalogueObject, version: number): string {
  const words =
    likeTables.has(object.kind) && isAllOfTable(letters, version)
      ? ['all']
      : letters.map((letter) => names[letter] ?? letter)
  if (object.kind === 'column')
    return `${words.map((word) => `${word} (${quote(object.ownName)})`).join(', ')} on table ${home(object)}`
  const target = likeTables.has(object.kind) ? reference({ ...object, kind: 'table' }) : reference(object)
  return `${words.join(', ')} on ${object.kind === 'domain' ? target : target.replace(/^aggregate /, 'function ')}`
}
