import { canonical } from '../catalogue/canonical.ts'
import type { Catalogue, CatalogueObject, ObjectKind, Value } from '../catalogue/catalogue.ts'
import { type Matches, matchObjects } from './match-objects.ts'
import { type Needs, readNeeds } from './needs.ts'

export type Pair = { readonly before: CatalogueObject; readonly after: CatalogueObject }

/** What has to be done, before it is put in order. */
export type Plan = {
  readonly matches: Matches
  readonly was: Needs
  readonly is: Needs
  /** Of `after`: to be dropped, without what dies with them. */
  readonly drops: readonly CatalogueObject[]
  /** Of `after`: no longer there after the drops. */
  readonly gone: ReadonlySet<CatalogueObject>
  /** Of `before`: to be made. */
  readonly creates: ReadonlySet<CatalogueObject>
  /** Those that stay, whether or not they have to be altered. */
  readonly kept: readonly Pair[]
  /** Types that are made anew under their name, with the columns that have them. */
  readonly rebuilt: readonly Pair[]
  /** Columns that get another type. */
  readonly retyped: readonly Pair[]
}

export function planUndo(before: Catalogue, after: Catalogue): Plan {
  const matches = matchObjects(before, after)
  const was = readNeeds(before)
  const is = readNeeds(after)
  const pairs = [...matches.afterOf].map(([one, other]): Pair => ({ before: one, after: other }))
  const rebuilt = pairs.filter(isRebuilt)
  const dropped = new Set(after.objects.filter((object) => !matches.beforeOf.has(object)))
  for (const pair of pairs) if (isReplaced(pair)) dropped.add(pair.after)
  const ofRebuilt = (column: CatalogueObject): boolean =>
    is.of(column).some((type) => rebuilt.some((pair) => pair.after === type))
  const retyped = pairs.filter((pair) => isRetyped(pair) || (pair.after.kind === 'column' && ofRebuilt(pair.after)))
  spread(
    dropped,
    [...rebuilt, ...retyped].map((pair) => pair.after),
    is,
  )
  for (const { after: key } of pairs.filter(({ after: object }) => isForeignKey(object))) {
    if (retyped.some((column) => touches(key, column.after, is))) dropped.add(key)
  }
  const gone = withParts(dropped, is)
  const creates = new Set(
    before.objects.filter((object) => {
      const twin = matches.afterOf.get(object)
      return twin === undefined || gone.has(twin)
    }),
  )
  return {
    matches,
    was,
    is,
    drops: [...dropped].filter((object) => !diesWithAnother(object, dropped, is)),
    gone,
    creates,
    kept: pairs.filter((pair) => !gone.has(pair.after)),
    rebuilt: rebuilt.filter((pair) => !gone.has(pair.after)),
    retyped: retyped.filter((pair) => !gone.has(pair.after)),
  }
}

/** No `alter` changes these: they are dropped and made again, which this can do. */
const replaceable: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  'view',
  'materialized view',
  'index',
  'constraint',
  'trigger',
  'rule',
  'policy',
  'statistics',
  'event trigger',
  'operator',
  'cast',
  'publication',
])

/** Set by a statement of its own, whatever the object is. */
const setApart: ReadonlySet<string> = new Set([
  ...[
    'owner',
    'privileges',
    'comment',
    'clustered',
    'replicaIdentity',
    'enabled',
    'statisticsTarget',
    'statisticsTargets',
  ],
  ...['local', 'ofParent', 'parent', 'populated', 'triggersDisabled'],
])

function isReplaced({ before, after }: Pair): boolean {
  const apart = apartOf(before, after).filter((property) => !setApart.has(property))
  if (before.kind === 'function')
    return apart.some((name) => ['result', 'arguments', 'form', 'aggregate'].includes(name))
  if (before.kind === 'table') return apart.includes('partitionKey')
  if (before.kind === 'column') return apart.includes('generated') && after.on !== undefined && before.on !== undefined
  if (!replaceable.has(before.kind)) return false
  const same = before.identity.oid === after.identity.oid && (before.kind === 'index' || before.kind === 'constraint')
  // The same index or constraint with another definition: something in it has been renamed, and will be renamed back.
  return apart.some((property) => !same || !['definition', 'columns', 'options'].includes(property))
}

const isRebuilt = ({ before, after }: Pair): boolean => {
  if (before.kind === 'domain') return apartOf(before, after).some((name) => name === 'type' || name === 'collation')
  if (before.kind !== 'type') return false
  if (before.properties.form !== after.properties.form) return true
  if (before.properties.form === 'enum')
    return apartOf(before, after).includes('labels') && !isLabelRenamed(before, after)
  return apartOf(before, after).some((name) => name === 'range' || name === 'base')
}

/** As many labels, all but some of them in their places. */
export function isLabelRenamed(before: CatalogueObject, after: CatalogueObject): boolean {
  const was = listOf(before.properties.labels)
  const is = listOf(after.properties.labels)
  return was.length === is.length && was.every((label, place) => label === is[place] || !is.includes(label))
}

const isRetyped = ({ before, after }: Pair): boolean =>
  before.kind === 'column' && apartOf(before, after).some((name) => name === 'type' || name === 'collation')

/** Whatever cannot be without a dropped one goes too; so does what reads a column whose type changes. */
function spread(dropped: Set<CatalogueObject>, changing: readonly CatalogueObject[], is: Needs): void {
  const queue: { readonly object: CatalogueObject; readonly changes: boolean }[] = [
    ...[...dropped].map((object) => ({ object, changes: false })),
    ...changing.map((object) => ({ object, changes: true })),
  ]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { object, changes } = next
    const parts = changes ? [] : is.partsOf(object)
    for (const dependent of [...is.by(object), ...parts.flatMap((part) => is.by(part))]) {
      if (dropped.has(dependent) || diesWithAnother(dependent, dropped, is)) continue
      const rebuilds =
        changes && object.kind === 'column' && (dependent.kind === 'index' || dependent.kind === 'constraint')
      if (rebuilds || !(replaceable.has(dependent.kind) || dependent.kind === 'function')) continue
      dropped.add(dependent)
      queue.push({ object: dependent, changes: false })
    }
  }
}

function withParts(dropped: ReadonlySet<CatalogueObject>, is: Needs): ReadonlySet<CatalogueObject> {
  const gone = new Set(dropped)
  for (const object of gone) for (const part of is.partsOf(object)) gone.add(part)
  for (const column of [...gone].filter(({ kind }) => kind === 'column')) {
    for (const part of is.named('table', column.on ?? '') === undefined ? [] : constraintsOn(column, is)) gone.add(part)
  }
  return gone
}

const constraintsOn = (column: CatalogueObject, is: Needs): readonly CatalogueObject[] => {
  const table = is.named('table', column.on ?? '')
  return table === undefined
    ? []
    : is
        .partsOf(table)
        .filter(({ kind, properties }) => kind === 'constraint' && listOf(properties.columns).includes(column.ownName))
}

/** Its table is dropped too, or its column. */
function diesWithAnother(object: CatalogueObject, dropped: ReadonlySet<CatalogueObject>, is: Needs): boolean {
  const table = ['table', 'foreign table', 'view', 'materialized view', 'domain']
    .map((kind) => is.named(kind as ObjectKind, object.on ?? ''))
    .find((found) => found !== undefined)
  if (table !== undefined && dropped.has(table)) return true
  if (object.kind === 'constraint' && table !== undefined) {
    return is
      .columnsOf(object.on ?? '')
      .some((column) => dropped.has(column) && listOf(object.properties.columns).includes(column.ownName))
  }
  if (!Array.isArray(object.properties.ownedBy)) return false
  const column = is.named('column', object.properties.ownedBy.join('.'))
  const owner = is.named('table', object.properties.ownedBy.slice(0, 2).join('.'))
  if (object.properties.ofIdentity === true) return true
  return (column !== undefined && dropped.has(column)) || (owner !== undefined && dropped.has(owner))
}

const isForeignKey = ({ kind, properties }: CatalogueObject): boolean =>
  kind === 'constraint' && properties.type === 'f'

const touches = (key: CatalogueObject, column: CatalogueObject, is: Needs): boolean => is.of(key).includes(column)

export const apartOf = (before: CatalogueObject, after: CatalogueObject): readonly string[] =>
  Object.keys({ ...before.properties, ...after.properties }).filter(
    (property) => canonical(before.properties[property]) !== canonical(after.properties[property]),
  )

export const listOf = (value: Value | undefined): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
