import type { Change, Kind } from './kind.ts'
import { type Column, columnSql, freeColumn, newColumn, pick, type Table } from './schema.ts'
import { reference } from './tables.ts'
import { shapes } from './vocabulary.ts'

export const columnKinds = {
  'add column': (draft) => {
    const table = pick(
      draft.random,
      draft.tables.filter(({ isList }) => !isList),
    )
    if (table === undefined) return undefined
    draft.serial++
    const count = draft.random.uniform() < 0.3 ? 2 : 1
    const added = Array.from({ length: count }, () => {
      const column = newColumn(draft, table, shapes)
      table.columns.push(column)
      return column
    })
    const names = added.map(({ name }) => name)
    return {
      slug: `add_${table.name}_${names.join('_')}`,
      says: `expand: what is old can leave ${names.join(' and ')} out`,
      up: [`alter table ${table.name}\n  ${added.map((column) => `add column ${columnSql(column)}`).join(',\n  ')};`],
      undo: [`alter table ${table.name}\n  ${names.map((name) => `drop column ${name}`).join(',\n  ')};`],
    }
  },
  'add reference': ({ random, tables }) => {
    const table = pick(
      random,
      tables.filter(({ isList }) => !isList),
    )
    const parent = pick(random, tables)
    const added =
      table === undefined || parent === undefined ? undefined : reference(table, parent, '', 'on delete set null')
    if (table === undefined || added === undefined) return undefined
    return {
      slug: `add_${table.name}_${added.column.name}`,
      says: 'expand: what is old leaves it NULL',
      up: [
        `alter table ${table.name} add column ${columnSql(added.column)};`,
        `alter table ${table.name} add ${added.constraint};`,
        `${added.index};`,
      ],
      undo: [`alter table ${table.name} drop column ${added.column.name};`],
    }
  },
  'drop column': (draft) => {
    const found = freeColumn(draft, ({ shape }) => shape !== undefined)
    if (found === undefined) return undefined
    const { table, column } = found
    table.columns.splice(table.columns.indexOf(column), 1)
    return {
      slug: `drop_${table.name}_${column.name}`,
      says: 'contract: nothing reads it any more',
      up: [`alter table ${table.name} drop column ${column.name};`],
      undo: [`alter table ${table.name} add column ${columnSql(column)};`],
    }
  },
  'rename column': (draft) => {
    const found = freeColumn(draft, ({ shape }) => shape !== undefined)
    if (found === undefined) return undefined
    const { table, column } = found
    const before = column.name
    draft.serial++
    column.name = `${before}_${draft.serial}`
    return {
      slug: `rename_${table.name}_${before}`,
      says: 'contract: what is old has to know the new name first',
      up: [`alter table ${table.name} rename column ${before} to ${column.name};`],
      undo: [`alter table ${table.name} rename column ${column.name} to ${before};`],
    }
  },
  'widen column': (draft) => {
    const found = freeColumn(draft, ({ shape, type }) => shape?.widened !== undefined && shape.type === type)
    const { widened, narrowed } = found?.column.shape ?? {}
    if (found === undefined || widened === undefined || narrowed === undefined) return undefined
    const { table, column } = found
    const { type, name } = column
    column.type = widened
    return {
      slug: `widen_${table.name}_${name}`,
      says: 'expand: every value of before fits',
      up: [`alter table ${table.name} alter column ${name} type ${widened};`],
      undo: [`alter table ${table.name} alter column ${name} type ${type} using ${narrowed(name)};`],
    }
  },
  'not null': (draft) => {
    const found = freeColumn(draft, ({ shape, type, rest }) => rest === '' && shape !== undefined && isTextual(type))
    if (found === undefined) return undefined
    const { table, column } = found
    column.rest = `not null default ''`
    return {
      slug: `require_${table.name}_${column.name}`,
      says: 'move: what is missing becomes empty',
      up: [
        `update ${table.name} set ${column.name} = '' where ${column.name} is null;`,
        `alter table ${table.name}\n  alter column ${column.name} set default '',\n  alter column ${column.name} set not null;`,
      ],
      undo: [
        `alter table ${table.name}\n  alter column ${column.name} drop not null,\n  alter column ${column.name} drop default;`,
      ],
    }
  },
  default: (draft) => {
    const found = freeColumn(draft, ({ shape, rest }) => shape?.type === 'boolean' && rest === '')
    if (found === undefined) return undefined
    const { table, column } = found
    column.rest = 'default false'
    return {
      slug: `default_${table.name}_${column.name}`,
      says: 'expand: for new rows only',
      up: [`alter table ${table.name} alter column ${column.name} set default false;`],
      undo: [`alter table ${table.name} alter column ${column.name} drop default;`],
    }
  },
  'enum type': (draft) => {
    const table = pick(
      draft.random,
      draft.tables.filter(({ isList }) => !isList),
    )
    if (table === undefined) return undefined
    const type = `${table.name}_kind_${++draft.serial}`
    return ownType(table, type, `create type ${type} as enum ('plain', 'express', 'gift');`, 'type')
  },
  domain: (draft) => {
    const table = pick(
      draft.random,
      draft.tables.filter(({ isList }) => !isList),
    )
    if (table === undefined) return undefined
    const type = `${table.name}_code_${++draft.serial}`
    return ownType(table, type, `create domain ${type} as text check (length(value) <= 40);`, 'domain')
  },
  'change values': (draft) => {
    const found = freeColumn(draft, ({ shape, name }) => shape?.name === 'status' && name === 'status')
    if (found === undefined) return undefined
    const { table } = found
    return {
      slug: `rename_${table.name}_status_values`,
      says: 'move: what is old must know both words',
      up: [`update ${table.name} set status = 'open' where status = 'new';`],
      undo: [`update ${table.name} set status = 'new' where status = 'open';`],
    }
  },
} satisfies Readonly<Record<string, Kind>>

const isTextual = (type: string): boolean => type === 'text' || type.startsWith('varchar')

function ownType(table: Table, type: string, create: string, what: 'type' | 'domain'): Change {
  const column: Column = { name: type.replace(`${table.name}_`, ''), type, rest: '', shape: undefined }
  table.columns.push(column)
  table.pinned.add(column.name)
  return {
    slug: `add_${type}`,
    says: 'expand: what is old leaves it NULL',
    up: [create, `alter table ${table.name} add column ${column.name} ${type};`],
    undo: [`alter table ${table.name} drop column ${column.name};`, `drop ${what} ${type};`],
  }
}
