import type { Catalogue, CatalogueObject } from '../catalogue/catalogue.ts'
import { joinStatements } from './alter-object.ts'
import { quote, reference } from './identifiers.ts'
import { listOf, type Plan } from './plan-undo.ts'
import { defaultPrivilegeStatements, privilegeStatements, privilegesWhenMade } from './privilege-statements.ts'
import { settingStatements } from './setting-statements.ts'

/** Partitions, then what is set by statements of their own, owners and privileges last. */
export function settle(plan: Plan, before: Catalogue, after: Catalogue): readonly string[] {
  const partOfKept = new Map(plan.kept.map((pair) => [pair.before, pair.after]))
  const objects = before.objects.filter((object) => plan.creates.has(object) || partOfKept.has(object))
  return [
    ...objects
      .filter(({ kind }) => kind === 'table')
      .flatMap((table) => joinStatements(table, partOfKept.get(table), plan.creates.has(table))),
    ...objects.flatMap((object) =>
      settingStatements(
        object,
        partOfKept.get(object),
        object.kind === 'column' && plan.was.named('view', object.on ?? '') !== undefined,
      ),
    ),
    ...defaultPrivileges(plan, after.serverVersion),
    ...objects.flatMap((object) => ownerStatements(object, partOfKept.get(object), after.role)),
    ...objects.flatMap((object) => {
      if (object.kind === 'default privileges' || object.kind === 'extension') return []
      const kept = partOfKept.get(object)
      const now =
        kept === undefined ? privilegesWhenMade(object, after.serverVersion) : listOf(kept.properties.privileges)
      return kept !== undefined && kept.properties.owner !== object.properties.owner
        ? []
        : privilegeStatements(object, now, after.serverVersion)
    }),
  ]
}

function defaultPrivileges(plan: Plan, version: number): readonly string[] {
  const ofKind = ({ kind }: CatalogueObject): boolean => kind === 'default privileges'
  const listed = (object: CatalogueObject, name: 'privileges' | 'without'): readonly string[] =>
    listOf(object.properties[name])
  return [
    ...plan.drops
      .filter(ofKind)
      .flatMap((object) =>
        defaultPrivilegeStatements(object, listed(object, 'without'), listed(object, 'privileges'), version),
      ),
    ...[...plan.creates]
      .filter(ofKind)
      .flatMap((object) =>
        defaultPrivilegeStatements(object, listed(object, 'privileges'), listed(object, 'without'), version),
      ),
    ...plan.kept
      .filter(({ before }) => ofKind(before))
      .flatMap(({ before, after }) =>
        defaultPrivilegeStatements(before, listed(before, 'privileges'), listed(after, 'privileges'), version),
      ),
  ]
}

function ownerStatements(object: CatalogueObject, now: CatalogueObject | undefined, role: string): readonly string[] {
  const { owner, ofIdentity } = object.properties
  const has = now === undefined ? role : now.properties.owner
  if (owner === undefined || owner === has || ofIdentity === true) return []
  return [`alter ${reference(object)} owner to ${quote(String(owner))}`]
}
