import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { optionStatements } from './alter-object.ts'
import { home, literal, qualified, quote, reference } from './identifiers.ts'
import { listOf } from './plan-undo.ts'

const enabledWords: Readonly<Record<string, string>> = {
  O: 'enable',
  D: 'disable',
  R: 'enable replica',
  A: 'enable always',
}

/** What is set by a statement of its own, on an object that was made now (`after` undefined) or has stayed. */
export function settingStatements(
  before: CatalogueObject,
  after: CatalogueObject | undefined,
  isOfView: boolean,
): readonly string[] {
  const { kind, ownName, properties } = before
  const now = after?.properties ?? {}
  const statements: string[] = []
  const differs = (name: string): boolean =>
    JSON.stringify(properties[name] ?? null) !== JSON.stringify(now[name] ?? null)
  const table = `alter table ${kind === 'table' ? qualified(before) : home(before)}`
  if (kind === 'table' && differs('rowSecurity'))
    statements.push(`${table} ${properties.rowSecurity === true ? 'enable' : 'disable'} row level security`)
  if (kind === 'table' && differs('rowSecurityForced'))
    statements.push(`${table} ${properties.rowSecurityForced === true ? '' : 'no '}force row level security`)
  if (kind === 'table' && differs('replicaIdentity') && properties.replicaIdentity !== 'i') {
    statements.push(
      `${table} replica identity ${properties.replicaIdentity === 'f' ? 'full' : properties.replicaIdentity === 'n' ? 'nothing' : 'default'}`,
    )
  }
  if (kind !== 'table' && properties.replicaIdentity === true && differs('replicaIdentity'))
    statements.push(`${table} replica identity using index ${quote(ownName)}`)
  if (differs('clustered'))
    statements.push(
      properties.clustered === true ? `${table} cluster on ${quote(ownName)}` : `${table} set without cluster`,
    )
  if (kind === 'trigger' && differs('enabled'))
    statements.push(`${table} ${enabledWords[String(properties.enabled ?? 'O')]} trigger ${quote(ownName)}`)
  if (kind === 'rule' && differs('enabled'))
    statements.push(`${table} ${enabledWords[String(properties.enabled ?? 'O')]} rule ${quote(ownName)}`)
  if (kind === 'event trigger' && differs('enabled'))
    statements.push(`alter ${reference(before)} ${enabledWords[String(properties.enabled ?? 'O')]}`)
  if (isOfView && differs('default')) {
    statements.push(
      `alter view ${home(before)} alter column ${quote(ownName)} ${properties.default === undefined ? 'drop default' : `set default ${properties.default}`}`,
    )
  }
  if (kind === 'materialized view' && after !== undefined && differs('populated')) {
    statements.push(
      `refresh materialized view ${qualified(before)}${properties.populated === true ? '' : ' with no data'}`,
    )
  }
  if (kind === 'index' && differs('statisticsTargets')) statements.push(...targetStatements(before, after))
  if (kind === 'statistics' && differs('statisticsTarget'))
    statements.push(`alter ${reference(before)} set statistics ${properties.statisticsTarget ?? -1}`)
  if (kind === 'constraint' && differs('options'))
    statements.push(
      ...optionStatements(
        `alter index ${quote(before.schema ?? '')}.${quote(ownName)}`,
        properties.options,
        now.options,
      ),
    )
  if (kind === 'sequence' && differs('ownedBy') && properties.ofIdentity !== true) statements.push(ownership(before))
  if (differs('comment') && kind !== 'extension') {
    statements.push(
      `comment on ${reference(before)} is ${properties.comment === undefined ? 'null' : literal(String(properties.comment))}`,
    )
  }
  return statements
}

function targetStatements(before: CatalogueObject, after: CatalogueObject | undefined): readonly string[] {
  const targets = (object: CatalogueObject | undefined): ReadonlyMap<number, number> =>
    new Map((object?.properties.statisticsTargets ?? []) as readonly (readonly [number, number])[])
  const wanted = targets(before)
  const places = new Set([...wanted.keys(), ...targets(after).keys()])
  return [...places].map(
    (place) => `alter ${reference(before)} alter column ${place} set statistics ${wanted.get(place) ?? -1}`,
  )
}

function ownership(sequence: CatalogueObject): string {
  const path = listOf(sequence.properties.ownedBy)
  return `alter ${reference(sequence)} owned by ${path.length === 0 ? 'none' : path.map(quote).join('.')}`
}
