import type { Kind } from './kind.ts'
import { type Column, createTable, type Draft, newColumn, pick, shuffle, type Table } from './schema.ts'
import { shapes } from './vocabulary.ts'

const listEvery = 8

export const tableKinds = {
  'create table': (draft) => {
    draft.serial++
    const isList = draft.freeLists.length > 0 && draft.serial % listEvery === 0
    const name = isList ? draft.freeLists.shift() : draft.freeNames.shift()
    if (name === undefined) return undefined
    const table = isList ? newList(name) : newTable(draft, name)
    draft.tables.push(table)
    return {
      slug: `create_${name}`,
      says: `expand: ${name} is new, and nothing reads it yet`,
      up: [createTable(table)],
      undo: [`drop table ${name};`],
    }
  },
  'drop table': ({ random, tables }) => {
    const table = pick(
      random,
      tables.filter(({ isHeld }) => !isHeld),
    )
    if (table === undefined) return undefined
    tables.splice(tables.indexOf(table), 1)
    return {
      slug: `drop_${table.name}`,
      says: `contract: nothing reads ${table.name} any more`,
      up: [`drop table ${table.name};`],
      undo: [createTable(table)],
    }
  },
  comment: ({ random, tables }) => {
    const table = pick(random, tables)
    if (table === undefined) return undefined
    const before = table.comment
    table.comment = `One row a ${table.name.replaceAll('_', ' ')}; version ${before === undefined ? 1 : 2}`
    return {
      slug: `comment_${table.name}`,
      says: 'expand: words only',
      up: [`comment on table ${table.name} is '${table.comment}';`],
      undo: [`comment on table ${table.name} is ${before === undefined ? 'null' : `'${before}'`};`],
    }
  },
  'add list rows': (draft) => {
    const table = pick(
      draft.random,
      draft.tables.filter(({ isList }) => isList),
    )
    if (table === undefined) return undefined
    table.isHeld = true
    draft.serial++
    const codes = [1, 2, 3].map((n) => `${table.name}-${draft.serial}-${n}`)
    return {
      slug: `fill_${table.name}`,
      says: 'expand: rows that nothing points to yet',
      up: [
        `insert into ${table.name} (code, label) values\n  ${codes.map((code) => `('${code}', 'Called ${code}')`).join(',\n  ')};`,
      ],
      undo: [`delete from ${table.name} where code in (${codes.map((code) => `'${code}'`).join(', ')});`],
    }
  },
} satisfies Readonly<Record<string, Kind>>

const bare = (name: string, type: string, rest: string): Column => ({ name, type, rest, shape: undefined })

const newList = (name: string): Table => ({
  name,
  isList: true,
  columns: [bare('code', 'text', 'not null'), bare('label', 'text', 'not null')],
  constraints: [{ name: `${name}_pkey`, sql: 'primary key (code)' }],
  indexes: [],
  comment: undefined,
  pinned: new Set(['code', 'label']),
  isHeld: false,
})

function newTable(draft: Draft, name: string): Table {
  const table: Table = {
    name,
    isList: false,
    columns: [bare('id', 'bigint', 'generated always as identity')],
    constraints: [{ name: `${name}_pkey`, sql: 'primary key (id)' }],
    indexes: [],
    comment: undefined,
    pinned: new Set(['id', 'created_at']),
    isHeld: false,
  }
  const parents = shuffle(draft.random, draft.tables).slice(0, Math.floor(draft.random.uniform() * 3))
  for (const parent of parents) reference(table, parent, 'not null', 'on delete cascade')
  const own = 3 + Math.floor(draft.random.uniform() * 4)
  for (let n = 0; n < own; n++) table.columns.push(newColumn(draft, table, shapes))
  table.columns.push(bare('created_at', 'timestamptz', 'not null default now()'))
  return table
}

/** Points to a row of another table; the column has an index, so that the other's deletes stay fast. */
export function reference(
  table: Table,
  parent: Table,
  rest: string,
  onDelete: string,
): { readonly column: Column; readonly constraint: string; readonly index: string } | undefined {
  const key = parent.isList ? 'code' : 'id'
  const column = bare(`${parent.name}_${key}`, parent.isList ? 'text' : 'bigint', rest)
  if (parent === table || table.columns.some(({ name }) => name === column.name)) return undefined
  const constraint = {
    name: `${table.name}_${column.name}_fkey`,
    sql: `foreign key (${column.name}) references ${parent.name} (${key}) ${onDelete}`,
  }
  const indexName = `${table.name}_${column.name}_idx`
  const index = { name: indexName, sql: `create index ${indexName} on ${table.name} (${column.name})` }
  table.columns.push(column)
  table.constraints.push(constraint)
  table.indexes.push(index)
  table.pinned.add(column.name)
  parent.isHeld = true
  return { column, constraint: `constraint ${constraint.name} ${constraint.sql}`, index: index.sql }
}
