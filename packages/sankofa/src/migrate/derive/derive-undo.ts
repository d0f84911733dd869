import { asKnownTo, majorOf } from '../catalogue/as-known-to.ts'
import { canonical } from '../catalogue/canonical.ts'
import type { Catalogue, CatalogueObject } from '../catalogue/catalogue.ts'
import { alterObject } from './alter-object.ts'
import { addColumn, alterColumn } from './column-statements.ts'
import { createStatements } from './create-statement.ts'
import { dropStatement } from './drop-statement.ts'
import { home, qualified, quote, reference } from './identifiers.ts'
import { apartOf, type Pair, type Plan, planUndo } from './plan-undo.ts'
import { rebuildType } from './rebuild-type.ts'
import { renameStatements } from './rename-statements.ts'
import { settle } from './settle.ts'
import { sortByNeed } from './sort-by-need.ts'

export type DerivedUndo = {
  /** In one transaction, in this order. */
  readonly statements: readonly string[]
  /** What SQL cannot bring back, and what it puts in its place, one sentence each. */
  readonly notes: readonly string[]
}

/**
 * SQL that brings a database from `after` back to `before`. Both are read from the same database, so that what was renamed
 * is known by its number. Rows of what was dropped are gone: the notes say so. The result is a proposal like a person's:
 * prove it.
 *
 * @param runsOn - major version of the server that it must run on too, where that is an older one: names of not-null
 *   constraints and versions of extensions are then left to that server
 */
export function deriveUndo(before: Catalogue, after: Catalogue, runsOn = majorOf(before)): DerivedUndo {
  if (runsOn >= majorOf(before)) return derive(before, after)
  return derive(asKnownTo(runsOn, before), asKnownTo(runsOn, after))
}

function derive(before: Catalogue, after: Catalogue): DerivedUndo {
  const plan = planUndo(before, after)
  const notes: string[] = []
  const early = sortByNeed(plan.drops.filter(isEarly), plan.is.of).toReversed()
  const late = sortByNeed(
    plan.drops.filter((object) => !isEarly(object)),
    plan.is.of,
  ).toReversed()
  const made = makeStatements(plan, notes)
  const bodies = [...plan.creates].some(({ kind, sql }) => kind === 'function' && sql !== undefined)
  const statements = [
    ...(bodies || made.some((text) => text.startsWith('CREATE OR REPLACE'))
      ? ['set local check_function_bodies = off']
      : []),
    // A filled row may owe a deferred check, and PostgreSQL alters no table that does.
    ...(made.some((text) => text.startsWith('update ')) ? ['set constraints all immediate'] : []),
    ...defaultsInTheWay(plan),
    ...keysInTheWay(plan, early),
    ...early.flatMap((object) => dropStatement(object, plan.is) ?? []),
    ...renameStatements(plan.kept),
    ...made,
    ...late.flatMap((object) => dropStatement(object, plan.is) ?? []),
    ...settle(plan, before, after),
  ]
  for (const object of plan.drops) {
    if (object.kind === 'table' && !plan.matches.beforeOf.has(object))
      notes.push(`Table ${object.name} goes, with its rows.`)
    if (
      object.kind === 'column' &&
      plan.is.named('table', object.on ?? '') !== undefined &&
      !plan.matches.beforeOf.has(object)
    ) {
      notes.push(`Column ${object.name} goes, with its values.`)
    }
  }
  return { statements, notes }
}

/** Columns are converted before the type that they had can go. */
const isEarly = ({ kind }: CatalogueObject): boolean =>
  kind !== 'type' && kind !== 'domain' && kind !== 'schema' && kind !== 'extension'

/** A default would hold back what it calls, and does not follow its column to another type. */
function defaultsInTheWay(plan: Plan): readonly string[] {
  return plan.kept.flatMap((pair) => {
    const { after } = pair
    if (after.kind !== 'column' || after.properties.default === undefined) return []
    const calls = plan.is.of(after).some((needed) => plan.gone.has(needed))
    const view = plan.is.named('view', after.on ?? '') !== undefined
    return !view && (calls || plan.retyped.includes(pair))
      ? [`alter table ${home(after)} alter column ${quote(after.ownName)} drop default`]
      : []
  })
}

/** Two tables that refer to each other cannot be dropped one after the other. */
function keysInTheWay(plan: Plan, drops: readonly CatalogueObject[]): readonly string[] {
  const place = new Map(drops.map((object, index) => [object.name, index]))
  return [...plan.gone].flatMap((object) => {
    if (
      object.kind !== 'constraint' ||
      object.properties.type !== 'f' ||
      drops.includes(object) ||
      object.properties.ofParent === true
    )
      return []
    const own = place.get(object.on ?? '')
    const others = plan.is
      .of(object)
      .flatMap(({ on, name, kind }) => place.get(kind === 'table' ? name : (on ?? '')) ?? [])
    return own !== undefined && others.some((other) => other < own)
      ? [`alter table ${home(object)} drop constraint ${quote(object.ownName)}`]
      : []
  })
}

function makeStatements(plan: Plan, notes: string[]): readonly string[] {
  const changed = plan.kept.filter(
    (pair) => apartOf(pair.before, pair.after).length > 0 || plan.retyped.includes(pair) || plan.rebuilt.includes(pair),
  )
  const pairOf = new Map(changed.map((pair) => [pair.before, pair]))
  const done = new Set<CatalogueObject>()
  const statements: string[] = []
  const order = sortByNeed([...plan.creates, ...changed.map(({ before }) => before)], plan.was.of)
  for (const object of order) {
    const pair = pairOf.get(object)
    if (pair === undefined) {
      statements.push(...create(object, plan, notes))
    } else if (plan.rebuilt.includes(pair)) {
      statements.push(...rebuildType(pair, plan, done, notes))
    } else if (object.kind !== 'column') {
      const altered = alterObject(pair, plan.was)
      statements.push(...altered)
      if (altered.length === 0 && apartOf(pair.before, pair.after).some((name) => !isSetLater(pair, name))) {
        notes.push(`${sentence(pair.before)} stays as the migration left it: no statement was found that sets it back.`)
      }
    } else if (ofTable(object, plan) && !done.has(object)) {
      const derived = alterColumn(pair, plan.was, plan.retyped.includes(pair))
      statements.push(...derived.statements)
      notes.push(...derived.notes)
    }
  }
  // Once they are all there: an index may have been made before its parent.
  return [...statements, ...order.flatMap((object) => (plan.creates.has(object) ? attachIndex(object, plan) : []))]
}

/** By a later statement, or by itself when what it names gets its name back. */
function isSetLater({ before }: Pair, property: string): boolean {
  if (['index', 'constraint'].includes(before.kind)) return !['triggersDisabled'].includes(property)
  return (
    [
      'owner',
      'privileges',
      'comment',
      'enabled',
      'rowSecurity',
      'rowSecurityForced',
      'replicaIdentity',
      'statisticsTarget',
      'populated',
      'ownedBy',
      'partitionBound',
      'parents',
      'ofType',
    ].includes(property) || before.kind === 'default privileges'
  )
}

const sentence = (object: CatalogueObject): string => {
  const text = reference(object)
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const ofTable = (column: CatalogueObject, plan: Plan): boolean =>
  plan.was.named('table', column.on ?? '') !== undefined ||
  plan.was.named('foreign table', column.on ?? '') !== undefined

function create(object: CatalogueObject, plan: Plan, notes: string[]): readonly string[] {
  if (object.kind === 'column') {
    const table = plan.was.named('table', object.on ?? '')
    if (table === undefined || plan.creates.has(table)) return []
    const derived = addColumn(object, plan.was)
    notes.push(...derived.notes)
    return derived.statements
  }
  if (object.kind === 'table') notes.push(`Table ${object.name} comes back empty: its rows went with it.`)
  if (object.kind === 'default privileges') return []
  const table = object.kind === 'constraint' ? plan.was.named('table', object.on ?? '') : undefined
  if (table !== undefined && !plan.creates.has(table) && !plan.matches.afterOf.has(object)) {
    notes.push(`Rows written since then that break ${object.name} stop the undo.`)
  }
  const statements = createStatements(object, plan.was)
  if (statements === undefined) notes.push(`${sentence(object)} is not made again: write the statement by hand.`)
  return statements ?? []
}

/** An index of a partition is its parent's part; where the partition itself is attached anew, that attaches it. */
function attachIndex(index: CatalogueObject, plan: Plan): readonly string[] {
  const { parent } = index.properties
  const table = plan.was.named('table', index.on ?? '')
  if (index.kind !== 'index' || parent === undefined || table === undefined) return []
  const stays = plan.kept.some(
    ({ before, after }) =>
      before === table && canonical(after.properties.parents) === canonical(table.properties.parents),
  )
  return stays ? [`alter index ${parent} attach partition ${qualified(index)}`] : []
}
