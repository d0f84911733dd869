import { type Catalogue, type CatalogueObject, identityKey } from '../catalogue/catalogue.ts'

/** Which object of the one is which of the other. */
export type Matches = {
  readonly afterOf: ReadonlyMap<CatalogueObject, CatalogueObject>
  readonly beforeOf: ReadonlyMap<CatalogueObject, CatalogueObject>
}

/**
 * The same object has the same number, whatever it is named now. What was dropped and made anew has another number: it is
 * known by its name, when it belongs to a table that is the same too.
 */
export function matchObjects(before: Catalogue, after: Catalogue): Matches {
  const afterOf = new Map<CatalogueObject, CatalogueObject>()
  const beforeOf = new Map<CatalogueObject, CatalogueObject>()
  const pair = (one: CatalogueObject, other: CatalogueObject): void => {
    afterOf.set(one, other)
    beforeOf.set(other, one)
  }
  const byIdentity = new Map(after.objects.map((object) => [identityKey(object.identity), object]))
  for (const object of before.objects) {
    const twin = byIdentity.get(identityKey(object.identity))
    if (twin !== undefined && twin.kind === object.kind) pair(object, twin)
  }
  const byName = new Map(after.objects.map((object) => [`${object.kind} ${object.name}`, object]))
  const wholes = new Map(before.objects.filter(isWhole).map((object) => [object.name, object]))
  const rest = before.objects.filter((object) => !afterOf.has(object))
  for (const object of [...rest.filter(isWhole), ...rest.filter((other) => !isWhole(other))]) {
    const twin = byName.get(`${object.kind} ${object.name}`)
    if (twin === undefined || beforeOf.has(twin)) continue
    const whole = object.on === undefined ? undefined : wholes.get(object.on)
    if (whole === undefined || afterOf.get(whole)?.name === twin.on) pair(object, twin)
  }
  return { afterOf, beforeOf }
}

/** Others are part of these. */
const isWhole = ({ kind, on }: CatalogueObject): boolean => on === undefined && kind !== 'index' && kind !== 'column'
