import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { home, qualified, quote, reference } from './identifiers.ts'
import type { Pair } from './plan-undo.ts'

/** What is renamed first stands first: later statements use the new names of schemas and tables. */
const rank = (kind: CatalogueObject['kind']): number =>
  kind === 'schema' ? 0 : kind === 'column' || kind === 'constraint' || kind === 'trigger' || kind === 'policy' ? 2 : 1

/** Gives back names and schemas. Two that exchanged their names go by a third one. */
export function renameStatements(kept: readonly Pair[]): readonly string[] {
  const moved = kept
    .filter(({ before, after }) => before.ownName !== after.ownName || schemaMoved(before, after))
    .filter(({ before }) => before.kind !== 'cast' && before.kind !== 'default privileges')
    .toSorted((one, other) => rank(one.before.kind) - rank(other.before.kind))
  const statements: string[] = []
  const later: string[] = []
  const schemas = new Map(
    moved.filter(({ before }) => before.kind === 'schema').map(({ before, after }) => [after.ownName, before.ownName]),
  )
  for (const { before, after } of moved) {
    const schemaNow = after.schema === undefined ? undefined : (schemas.get(after.schema) ?? after.schema)
    const now = { ...after, ...(schemaNow === undefined ? {} : { schema: schemaNow }) }
    if (
      now.schema !== before.schema &&
      before.schema !== undefined &&
      rank(before.kind) === 1 &&
      before.kind !== 'index'
    ) {
      statements.push(`alter ${reference(now)} set schema ${quote(before.schema)}`)
    }
    if (before.ownName === after.ownName) continue
    const taken = moved.some(
      (other) =>
        other.after !== after &&
        other.after.kind === after.kind &&
        other.after.name === `${homeName(after)}${before.ownName}`,
    )
    if (!taken) {
      statements.push(rename(before, after.ownName, before.ownName))
    } else {
      const between = `${before.ownName}_on_its_way`
      statements.push(rename(before, after.ownName, between))
      later.push(rename(before, between, before.ownName))
    }
  }
  return [...statements, ...later]
}

const homeName = ({ name, ownName }: CatalogueObject): string => name.slice(0, name.length - ownName.length)

const schemaMoved = (before: CatalogueObject, after: CatalogueObject): boolean =>
  before.schema !== after.schema && before.on === undefined

function rename(before: CatalogueObject, from: string, to: string): string {
  const { kind } = before
  if (kind === 'column') return `alter table ${home(before)} rename column ${quote(from)} to ${quote(to)}`
  if (kind === 'constraint') return `alter table ${home(before)} rename constraint ${quote(from)} to ${quote(to)}`
  if (kind === 'domain' || kind === 'type')
    return `alter ${kind} ${qualified({ ...before, ownName: from })} rename to ${quote(to)}`
  return `alter ${reference({ ...before, ownName: from })} rename to ${quote(to)}`
}
