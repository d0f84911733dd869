import type { StepClient } from '../migration.ts'
import type { Effect, TableName } from '../sql/effects.ts'
import { effectsOfFunction } from './functions.ts'
import { createTypeTrail } from './widening.ts'
import { fullName, type Table, tablesNamed, type World } from './world.ts'

/** What may happen to a table: to some columns, or to whole rows. */
export type Affected = {
  readonly table: Table
  readonly columns: ReadonlySet<string> | 'all'
  /** Columns that are dropped, get another type or are written by name: no row is known by them afterwards. */
  readonly unsteady: ReadonlySet<string>
  /** It, or a column of it, is dropped, gets another type, or is emptied: nobody may read it meanwhile. */
  readonly reshaped: boolean
  /** The first statement that may do it. */
  readonly at: number
  readonly because: string
}

type Found = {
  columns: Set<string> | 'all'
  unsteady: Set<string>
  reshaped: boolean
  at: number
  because: string
}

/**
 * Which tables' rows a step may destroy: by what its statements say, and by what the database does of itself: foreign
 * keys that cascade, triggers, functions, inherited columns, types that go.
 *
 * @returns `opaque`: reasons why this may not be all; `written`: tables whose rows are updated, also only in new columns;
 *   `widened`: columns, as `schema.table.column`, that get another type in which no value is another
 */
export async function affectedBy(
  client: StepClient,
  world: World,
  effects: readonly Effect[],
): Promise<{
  readonly affected: readonly Affected[]
  readonly opaque: readonly string[]
  readonly written: readonly string[]
  readonly widened: readonly string[]
}> {
  const found = new Map<string, Found>()
  const opaque = new Set<string>()
  const written = new Set<string>()
  const known = new Set<string>()
  const byOid = new Map(world.tables.map((table) => [table.oid, table]))
  const widened = new Set<string>()
  const isExact = createTypeTrail()
  let anySchema = false

  const mark = (
    table: Table,
    columns: readonly string[] | 'all',
    at: number,
    because: string,
    reshaped = false,
  ): void => {
    const before = found.get(table.oid)
    if (before === undefined) {
      const named = columns === 'all' ? [] : columns
      found.set(table.oid, {
        columns: columns === 'all' ? 'all' : new Set(named),
        unsteady: new Set(named),
        reshaped,
        at,
        because,
      })
      return
    }
    if (columns !== 'all') for (const column of columns) before.unsteady.add(column)
    before.at = Math.min(before.at, at)
    before.reshaped ||= reshaped
    if (columns === 'all' || before.columns === 'all') before.columns = 'all'
    else for (const column of columns) before.columns.add(column)
  }
  const children = (table: Table): readonly Table[] =>
    world.tables.filter((each) => !each.isPartition && each.parents.includes(table.oid))
  const withChildren = (table: Table): readonly Table[] => [table, ...children(table).flatMap(withChildren)]
  const named = (name: TableName): readonly Table[] => {
    const tables = tablesNamed(world, name, anySchema)
    if (tables.length > 0) return tables
    const views = world.views.filter(
      (view) => view.name === name.name && (name.schema === undefined || view.schema === name.schema),
    )
    return views.flatMap((view) => view.tables.flatMap((oid) => byOid.get(oid) ?? []))
  }
  /** Something is done once for each reason and table: cascades may go round. */
  const once = (key: string): boolean => !known.has(key) && known.add(key).size > 0

  async function fire(table: Table, event: string, at: number): Promise<void> {
    const relatives = [table, ...table.parents.flatMap((oid) => byOid.get(oid) ?? []), ...partitionsOf(table)]
    for (const trigger of relatives.flatMap((each) => each.triggers)) {
      if (trigger.on.includes(event)) await functionRuns({ oid: trigger.function }, trigger.function, at)
    }
    if (table.ruled && once(`rule ${table.oid}`)) opaque.add(`a rule rewrites what is done to ${fullName(table)}`)
  }
  const partitionsOf = (table: Table): readonly Table[] =>
    world.tables.filter((each) => each.isPartition && each.parents.includes(table.oid))

  async function functionRuns(which: Parameters<typeof effectsOfFunction>[1], key: string, at: number): Promise<void> {
    if (!once(`function ${key}`)) return
    for (const effect of await effectsOfFunction(client, which)) await follow({ ...effect, at })
  }

  async function deletes(table: Table, at: number, because: string): Promise<void> {
    if (!once(`delete ${table.oid}`)) return
    for (const each of withChildren(table)) {
      mark(each, 'all', at, because)
      await fire(each, 'delete', at)
      for (const key of world.foreignKeys.filter(({ to }) => to === each.oid)) {
        const child = byOid.get(key.from)
        if (child === undefined) continue
        const why = `${because}, which reaches it through a foreign key`
        if (key.onDelete === 'c') await deletes(child, at, why)
        if (key.onDelete === 'n' || key.onDelete === 'd') await updates(child, key.columns, at, why)
      }
    }
  }

  async function updates(table: Table, columns: readonly string[], at: number, because: string): Promise<void> {
    for (const each of withChildren(table)) {
      const changing = [each, ...partitionsOf(each)].some(({ triggers }) =>
        triggers.some(({ on, before }) => before && on.includes('update')),
      )
      written.add(fullName(each))
      const why = changing ? `${because}, and a trigger may change the rest` : because
      if (columns.length > 0) mark(each, columns, at, why)
      if (changing) mark(each, 'all', at, why)
      await fire(each, 'update', at)
      for (const key of world.foreignKeys.filter(({ to, onUpdate }) => to === each.oid && onUpdate !== 'a')) {
        const child = byOid.get(key.from)
        if (child === undefined || key.onUpdate === 'r') continue
        if (!key.references.some((column) => columns.includes(column)) || !once(`update ${each.oid} ${child.oid}`))
          continue
        await updates(child, key.columns, at, `${because}, which reaches it through a foreign key`)
      }
    }
  }

  async function truncates(table: Table, cascade: boolean, at: number, because: string): Promise<void> {
    if (!once(`truncate ${table.oid}`)) return
    for (const each of withChildren(table)) {
      mark(each, 'all', at, because, true)
      await fire(each, 'truncate', at)
      if (!cascade) continue
      for (const key of world.foreignKeys.filter(({ to }) => to === each.oid)) {
        const child = byOid.get(key.from)
        if (child !== undefined) await truncates(child, true, at, `${because}, with all that refers to it`)
      }
    }
  }

  async function follow(effect: Effect): Promise<void> {
    const { at } = effect
    switch (effect.kind) {
      case 'drop table':
        for (const table of tablesNamed(world, effect.table, anySchema)) {
          for (const each of effect.cascade ? withChildren(table) : [table])
            mark(each, 'all', at, 'it is dropped', true)
        }
        return
      case 'retype column':
        for (const table of tablesNamed(world, effect.table, anySchema)) {
          for (const each of withChildren(table)) {
            for (const { name, type } of each.columns.filter((column) => effect.columns.includes(column.name))) {
              if (isExact(`${each.oid} ${name}`, type, effect.to)) widened.add(`${fullName(each)}.${name}`)
              else mark(each, [name], at, `the type of ${name} changes`, true)
            }
          }
        }
        return
      case 'drop column': {
        const because = `${effect.columns.join(', ')} is dropped`
        for (const table of tablesNamed(world, effect.table, anySchema)) {
          for (const each of withChildren(table)) mark(each, effect.columns, at, because, true)
        }
        return
      }
      case 'update':
        for (const table of named(effect.table)) {
          const names = table.columns.map(({ name }) => name)
          // Through a view, its columns may have other names than the table's. Columns that are not there yet are new.
          const direct = table.name === effect.table.name
          const columns = direct ? effect.columns.filter((name) => names.includes(name)) : names
          await updates(table, columns, at, 'its rows are updated')
        }
        return
      case 'delete':
        for (const table of named(effect.table)) await deletes(table, at, 'rows are deleted')
        return
      case 'change':
        for (const table of named(effect.table)) {
          await updates(
            table,
            table.columns.map(({ name }) => name),
            at,
            'its rows are written',
          )
          await deletes(table, at, 'rows are written or leave it')
        }
        return
      case 'truncate':
        for (const table of tablesNamed(world, effect.table, anySchema)) {
          await truncates(table, effect.cascade, at, 'it is emptied')
        }
        return
      case 'insert':
        for (const table of named(effect.table)) await fire(table, 'insert', at)
        return
      case 'drop schema':
        for (const table of world.tables.filter(({ schema }) => schema === effect.name.name)) {
          mark(table, 'all', at, `schema ${effect.name.name} is dropped`, true)
        }
        await typesGo(effect.kind, effect.name, at)
        return
      case 'drop type':
      case 'drop extension':
        await typesGo(effect.kind, effect.name, at)
        return
      case 'drop sequence':
        return
      case 'call':
        await functionRuns({ name: effect.name }, JSON.stringify(effect.name), at)
        return
      case 'search path':
        anySchema = true
        return
      case 'opaque':
        opaque.add(effect.because)
        return
      default:
        return effect satisfies never
    }
  }

  async function typesGo(kind: TypesGoBy, name: TableName, at: number): Promise<void> {
    const types = await typesWith(client, kind, name)
    for (const table of world.tables) {
      const columns = table.columns.filter(({ typeOid }) => types.has(typeOid)).map(({ name }) => name)
      if (columns.length > 0) mark(table, columns, at, `the type of ${columns.join(', ')} is dropped`, true)
    }
  }

  for (const effect of effects) await follow(effect)
  const affected = [...found].flatMap(([oid, rest]) => {
    const table = byOid.get(oid)
    return table === undefined ? [] : [{ table, ...rest }]
  })
  return {
    affected: overPartitions(affected, byOid),
    opaque: [...opaque],
    written: [...written],
    widened: [...widened],
  }
}

/** A partition of a table that is kept as well is kept with it. */
function overPartitions(affected: readonly Affected[], byOid: ReadonlyMap<string, Table>): readonly Affected[] {
  const merged = new Map(affected.map((each) => [each.table.oid, each]))
  for (const each of affected) {
    let parent: Table | undefined = each.table
    while (parent?.isPartition === true) {
      parent = byOid.get(parent.parents[0] ?? '')
      const above = parent === undefined ? undefined : merged.get(parent.oid)
      if (above === undefined) continue
      const columns =
        above.columns === 'all' || each.columns === 'all' ? 'all' : new Set([...above.columns, ...each.columns])
      const unsteady = new Set([...above.unsteady, ...each.unsteady])
      const reshaped = above.reshaped || each.reshaped
      merged.set(above.table.oid, { ...above, columns, unsteady, reshaped, at: Math.min(above.at, each.at) })
      merged.delete(each.table.oid)
      break
    }
  }
  return [...merged.values()]
}

type TypesGoBy = 'drop type' | 'drop schema' | 'drop extension'

/** A type that goes, with its arrays, the domains over it and what is composed of it. */
async function typesWith(client: StepClient, kind: TypesGoBy, name: TableName): Promise<ReadonlySet<string>> {
  const first = {
    'drop type': `type.typname = $1 and ($2::text is null or namespace.nspname = $2::text)`,
    'drop schema': `namespace.nspname = $1 and $2::text is null`,
    'drop extension': `$2::text is null and exists (
       select from pg_catalog.pg_depend as depends join pg_catalog.pg_extension as extension on extension.oid = depends.refobjid
        where depends.classid = 'pg_catalog.pg_type'::regclass and depends.objid = type.oid and depends.deptype = 'e'
          and depends.refclassid = 'pg_catalog.pg_extension'::regclass and extension.extname = $1)`,
  }[kind]
  const { rows } = await client.query<{ oid: string }>(
    `with recursive going as (
       select type.oid from pg_catalog.pg_type as type
         join pg_catalog.pg_namespace as namespace on namespace.oid = type.typnamespace
        where namespace.nspname not in ('pg_catalog', 'information_schema') and ${first}
       union
       select type.oid
         from going
         join pg_catalog.pg_type as type
           on type.typelem = going.oid or type.typbasetype = going.oid
           or type.oid = any (array(select range.rngtypid from pg_catalog.pg_range as range where range.rngsubtype = going.oid))
           or type.typrelid in (select attribute.attrelid from pg_catalog.pg_attribute as attribute
                                  join pg_catalog.pg_class as class on class.oid = attribute.attrelid and class.relkind = 'c'
                                 where attribute.atttypid = going.oid)
        where type.typrelid = 0 or exists (select from pg_catalog.pg_class as class where class.oid = type.typrelid and class.relkind = 'c')
     )
     select distinct going.oid::text as oid from going`,
    [name.name, kind === 'drop type' ? (name.schema ?? null) : null],
  )
  return new Set(rows.map(({ oid }) => oid))
}
