import type { StepClient } from '../migration.ts'
import type { Effect } from '../sql/effects.ts'
import { type Affected, affectedBy } from './affected.ts'
import { hasSameType, maybeHidden, maybeMoved } from './instant-facts.ts'
import type { Added, Dropped, StepShape } from './step-shape.ts'
import { fullName, type Table, tablesNamed, type World } from './world.ts'

export type InstantOptions = {
  readonly hideFrom: number
  /** Tables, as `schema.table`, into which the release inserts without the names of columns. */
  readonly positional: readonly string[]
}

/**
 * Which tables need no copy: what goes of them is hidden, or they are moved. Where anything speaks against it, they are
 * copied.
 *
 * @returns by oid
 */
export async function planInstant(
  client: StepClient,
  world: World,
  step: {
    readonly affected: readonly Affected[]
    readonly effects: readonly Effect[]
    readonly shape: StepShape
    readonly opposite: StepShape
  },
  options: InstantOptions,
): Promise<ReadonlyMap<string, 'hide' | 'move'>> {
  const { shape, opposite } = step
  const found = new Map<string, 'hide' | 'move'>()
  const candidates = step.affected.filter(({ table }) => isOrdinary(world, table) && table.rows >= options.hideFrom)
  if (candidates.length === 0 || step.effects.some(({ kind }) => kind === 'search path')) return found
  const dropsOf = (table: Table): readonly Dropped[] =>
    shape.drops.filter((drop) => tablesNamed(world, drop.table)[0]?.oid === table.oid)
  const rest = await affectedBy(client, world, withoutDrops(step.effects, shape.drops))
  for (const { table, columns } of candidates) {
    const { name } = table
    const drops = dropsOf(table)
    const otherwise = rest.affected.find((each) => each.table.oid === table.oid)
    if (otherwise !== undefined && touchesWhatIsThere(otherwise)) continue
    const inserted = step.effects.some((effect) => effect.kind === 'insert' && effect.table.name === name)
    if (inserted || shape.renames.has(name) || opposite.renames.has(name) || opposite.exposes.has(name)) continue
    if (drops.every(({ column }) => column !== undefined)) {
      const all = drops.flatMap(({ column }) => column ?? [])
      const seen = shape.exposes.has(name) || options.positional.includes(fullName(table))
      const there = table.columns.filter((each) => columns === 'all' || columns.has(each.name))
      const whole = columns !== 'all' && there.every((each) => all.includes(each.name))
      if (seen || !whole || drops.some(({ cascade }) => cascade)) continue
      const again = all.map((column) => addedAgain(opposite.adds, table, column))
      if (await canHide(client, table, all, again)) found.set(table.oid, 'hide')
    } else if (drops.length === 1 && !opposite.uses.has(name)) {
      const again = opposite.creates.filter((each) => isSame(each, table))
      const together = shape.drops.filter(({ at }) => at === drops[0]?.at)
      const others = together.flatMap((drop) => tablesNamed(world, drop.table)[0]?.oid ?? [])
      const cascade = drops[0]?.cascade === true
      if (again.length === 1 && (await maybeMoved(client, table, cascade ? undefined : others)))
        found.set(table.oid, 'move')
    }
  }
  return found
}

const isOrdinary = (world: World, { kind, isPartition, parents, oid, ruled, forced, mine }: Table): boolean =>
  kind === 'r' &&
  mine &&
  !isPartition &&
  parents.length === 0 &&
  !ruled &&
  !forced &&
  !world.tables.some((each) => each.parents.includes(oid))

/** Without those that a statement of its own says. */
const withoutDrops = (effects: readonly Effect[], drops: readonly Dropped[]): readonly Effect[] =>
  effects.filter(
    (effect) =>
      !drops.some(
        ({ at, table, column }) =>
          at === effect.at &&
          ((effect.kind === 'drop table' && column === undefined && effect.table.name === table.name) ||
            (effect.kind === 'drop column' && effect.table.name === table.name && effect.columns[0] === column)),
      ),
  )

/** Columns that the step adds itself are nothing that could be lost. */
const touchesWhatIsThere = ({ table, columns }: Affected): boolean =>
  columns === 'all' || table.columns.some(({ name }) => columns.has(name))

export const isSame = (
  name: { readonly schema?: string; readonly name: string },
  table: { readonly schema: string; readonly name: string },
): boolean => name.name === table.name && (name.schema === undefined || name.schema === table.schema)

/** The only statement that adds it. */
export function addedAgain(
  adds: readonly Added[],
  table: { readonly schema: string; readonly name: string },
  column: string,
): Added | undefined {
  const found = adds.filter((each) => each.column === column && isSame(each.table, table))
  return found.length === 1 ? found[0] : undefined
}

async function canHide(
  client: StepClient,
  table: Table,
  names: readonly string[],
  again: readonly (Added | undefined)[],
): Promise<boolean> {
  const columns = names.flatMap((name) => table.columns.find((each) => each.name === name) ?? [])
  if (columns.length !== names.length || new Set(names).size !== names.length) return false
  for (const [index, column] of columns.entries()) {
    const added = again[index]
    if (added === undefined || column.generated || column.identity !== '') return false
    // Of rows added since, nobody could say whether null is theirs or was there.
    if (added.hasDefault && !column.notNull) return false
    if (!(await hasSameType(client, table.oid, column.name, added))) return false
  }
  return maybeHidden(
    client,
    table.oid,
    columns.map(({ number }) => number),
  )
}
