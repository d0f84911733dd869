import type { Kind } from './kind.ts'
import { freeColumn, pick, type Table } from './schema.ts'

/** Indexes and constraints of tables that are there. */
export const ruleKinds = {
  index: (draft) => {
    const found = freeColumn(draft, ({ shape }) => shape !== undefined)
    if (found === undefined) return undefined
    const { table, column } = found
    const name = `${table.name}_${column.name}_${++draft.serial}_idx`
    const isSet = column.type === 'jsonb' || column.type === 'text[]'
    const chance = draft.random.uniform()
    const on = isSet
      ? `using gin (${column.name})`
      : chance < 0.2 && !table.isList
        ? `(${column.name}, created_at desc)`
        : chance < 0.4 && column.rest === ''
          ? `(${column.name}) where ${column.name} is not null`
          : `(${column.name})`
    return addIndex(table, column.name, name, `create index ${name} on ${table.name} ${on}`)
  },
  unique: (draft) => {
    const found = freeColumn(draft, ({ shape }) => shape?.type === 'uuid')
    if (found === undefined) return undefined
    const { table, column } = found
    const name = `${table.name}_${column.name}_key`
    const constraint = { name, sql: `unique (${column.name})` }
    table.constraints.push(constraint)
    table.pinned.add(column.name)
    return {
      slug: `unique_${table.name}_${column.name}`,
      says: 'contract: what is old must not write the same twice',
      up: [`alter table ${table.name} add constraint ${name} ${constraint.sql};`],
      undo: [`alter table ${table.name} drop constraint ${name};`],
    }
  },
  'drop index': ({ random, tables }) => {
    const table = pick(
      random,
      tables.filter(({ indexes }) => indexes.length > 0),
    )
    const index = pick(random, table?.indexes ?? [])
    if (table === undefined || index === undefined) return undefined
    table.indexes = table.indexes.filter((other) => other !== index)
    return {
      slug: `drop_${index.name}`,
      says: 'contract: no query uses it',
      up: [`drop index ${index.name};`],
      undo: [`${index.sql};`],
    }
  },
  check: (draft) => {
    const found = freeColumn(draft, ({ type }) => type === 'bigint' || type === 'integer')
    if (found === undefined) return undefined
    const { table, column } = found
    const name = `${table.name}_${column.name}_not_negative`
    const constraint = { name, sql: `check (${column.name} >= 0)` }
    table.constraints.push(constraint)
    table.pinned.add(column.name)
    return {
      slug: `check_${table.name}_${column.name}`,
      says: 'contract: what is old must not write less than nothing',
      up: [
        `update ${table.name} set ${column.name} = 0 where ${column.name} < 0;`,
        `alter table ${table.name} add constraint ${name} ${constraint.sql};`,
      ],
      undo: [`alter table ${table.name} drop constraint ${name};`],
    }
  },
} satisfies Readonly<Record<string, Kind>>

function addIndex(table: Table, column: string, name: string, sql: string): ReturnType<Kind> {
  table.indexes.push({ name, sql })
  table.pinned.add(column)
  return {
    slug: `add_${name}`,
    says: 'expand: an index only',
    up: [`${sql};`],
    undo: [`drop index ${name};`],
  }
}
