import { canonical } from './canonical.ts'
import type { CatalogueObject, Value } from './catalogue.ts'
import { withoutLayout } from './without-layout.ts'

/** One property that is not what it was. */
export type Change = {
  readonly property: string
  readonly was: Value
  readonly is: Value
  readonly weight: 'cosmetic' | 'differs'
}

/** Said of the whole table, as the order of its columns. */
const saidElsewhere: ReadonlySet<string> = new Set(['place'])

/** Nothing that runs notices these; a later migration that names the object does. */
const onlyNames: ReadonlySet<string> = new Set(['notNullName', 'parent'])

export function changesOf(before: CatalogueObject, after: CatalogueObject): readonly Change[] {
  const found: Change[] = []
  for (const property of new Set([...Object.keys(before.properties), ...Object.keys(after.properties)])) {
    const was = before.properties[property] ?? null
    const is = after.properties[property] ?? null
    if (saidElsewhere.has(property) || canonical(was) === canonical(is)) continue
    const cosmetic =
      (onlyNames.has(property) && was !== null && is !== null) || (property === 'body' && sameButLayout(before, after))
    found.push({ property, was, is, weight: cosmetic ? 'cosmetic' : 'differs' })
  }
  return withoutRepeated(before, found)
}

/** In Python, white space is code. */
function sameButLayout(before: CatalogueObject, after: CatalogueObject): boolean {
  const { body: was, language } = before.properties
  const { body: is, language: languageNow } = after.properties
  return (
    typeof was === 'string' &&
    typeof is === 'string' &&
    language === languageNow &&
    (language === 'sql' || language === 'plpgsql') &&
    withoutLayout(was) === withoutLayout(is)
  )
}

/** A constraint's definition says again what its flags say, and a not-null name goes with the not null. */
function withoutRepeated(object: CatalogueObject, changes: readonly Change[]): readonly Change[] {
  const has = (...properties: readonly string[]): boolean =>
    changes.some(({ property }) => properties.includes(property))
  const repeated = new Set<string>()
  if (
    object.kind === 'constraint' &&
    has('type', 'onDelete', 'onUpdate', 'validated', 'enforced', 'deferrable', 'deferred', 'noInherit')
  ) {
    repeated.add('definition')
  }
  if (object.kind === 'index' && has('options')) repeated.add('options')
  if (has('enforced')) repeated.add('validated')
  if (followsOwner(changes)) repeated.add('privileges')
  if (object.kind === 'constraint' && has('definition')) repeated.add('columns')
  if ((object.kind === 'column' || object.kind === 'domain') && has('nullable'))
    for (const name of notNullProperties) repeated.add(name)
  if (object.kind === 'column' && has('generated')) repeated.add('generatedKind')
  if (object.kind === 'function' && has('arguments')) repeated.add('identityArguments')
  return changes.filter(({ property }) => !repeated.has(property))
}

/** The owner's own privileges go with the ownership. */
function followsOwner(changes: readonly Change[]): boolean {
  const owner = changes.find(({ property }) => property === 'owner')
  const privileges = changes.find(({ property }) => property === 'privileges')
  if (!Array.isArray(privileges?.was) || !Array.isArray(privileges.is)) return false
  const withNewOwner = privileges.was.map((entry) =>
    String(entry)
      .split(/(?=[=/])/)
      .map((part) => part.replace(/^([=/]?)(.*)$/s, (_, sign, name) => sign + (name === owner?.was ? owner?.is : name)))
      .join(''),
  )
  return canonical(withNewOwner.sort()) === canonical(privileges.is)
}

const notNullProperties = ['notNullName', 'notNullValidated', 'notNullNoInherit']
