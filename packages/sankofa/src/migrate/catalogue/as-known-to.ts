import type { Catalogue, CatalogueObject, Value } from './catalogue.ts'

export const majorOf = ({ serverVersion }: Pick<Catalogue, 'serverVersion'>): number =>
  Math.floor(serverVersion / 10_000)

/**
 * A catalogue without what a server of an older major version cannot hold: names and states of columns' not-null constraints
 * (from 18 on) and of those of domains (from 17 on), the privilege to maintain a table (from 17 on), the versions of extensions, as each server brings its own.
 */
export function asKnownTo(major: number, catalogue: Catalogue): Catalogue {
  const objects = catalogue.objects.map((object) => knownPart(major, object))
  return { ...catalogue, serverVersion: Math.min(catalogue.serverVersion, (major + 1) * 10_000 - 1), objects }
}

/**
 * Two catalogues as one and the same server would have them. Of two major versions, also left out is what the servers name
 * by themselves: the copies of a foreign key for each partition (other names from 18 on) and the locale of an ICU collation
 * (a language tag from 16 on).
 */
export function asOfOneVersion(one: Catalogue, other: Catalogue): readonly [Catalogue, Catalogue] {
  const [major, otherMajor] = [majorOf(one), majorOf(other)]
  if (major === otherMajor) return [one, other]
  const older = Math.min(major, otherMajor)
  const reduced = (catalogue: Catalogue): Catalogue => {
    const known = asKnownTo(older, catalogue)
    const objects = older < 18 ? known.objects.filter((object) => !isCopyOfKey(object)) : known.objects
    return { ...known, objects: older < 16 ? objects.map(withoutSpelling) : objects }
  }
  return [reduced(one), reduced(other)]
}

function knownPart(major: number, object: CatalogueObject): CatalogueObject {
  const { kind } = object
  if (kind === 'extension') return without(object, ['version'])
  if (kind === 'column' && major < 18) return without(object, ['notNullName', 'notNullValidated', 'notNullNoInherit'])
  if (major >= 17) return object
  if (kind === 'domain') return without(withoutMaintaining(object), ['notNullName'])
  return withoutMaintaining(object)
}

function withoutMaintaining(object: CatalogueObject): CatalogueObject {
  const properties = { ...object.properties }
  for (const name of ['privileges', 'without']) {
    const entries = properties[name]
    if (Array.isArray(entries)) properties[name] = entries.map(withoutMaintain)
  }
  return { ...object, properties }
}

/** Of an entry such as `ama=arwdDxtm/ama` the letters alone. */
const withoutMaintain = (entry: Value): Value =>
  String(entry).replace(/=([^=/]*)\/(?=[^/]*$)/, (letters) => letters.replace(/m\*?/, ''))

const isCopyOfKey = ({ kind, properties }: CatalogueObject): boolean =>
  kind === 'constraint' && properties.type === 'f' && properties.ofParent === true

const withoutSpelling = (object: CatalogueObject): CatalogueObject =>
  object.kind === 'collation' && object.properties.provider === 'i' ? without(object, ['locale']) : object

function without(object: CatalogueObject, names: readonly string[]): CatalogueObject {
  const properties = Object.fromEntries(Object.entries(object.properties).filter(([name]) => !names.includes(name)))
  return { ...object, properties }
}
