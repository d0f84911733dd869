import type { TableName } from './effects.ts'

/** Follows renames, so that what a later statement names is known by the name that it had before the first. */
export type FormerNames = {
  /** `undefined`: it was created on the way. */
  table(now: TableName): TableName | undefined
  column(now: TableName, column: string): string
  created(now: TableName): void
  renamed(from: TableName, to: TableName): void
  renamedColumn(table: TableName, from: string, to: string): void
  renamedSchema(from: string, to: string): void
}

export function createFormerNames(): FormerNames {
  const former = new Map<string, TableName | undefined>()
  const columns = new Map<string, string>()
  const schemas = new Map<string, string>()

  const table = (now: TableName): TableName | undefined => {
    const exact = keyOf(now)
    if (former.has(exact)) return former.get(exact)
    // `alter table app.a rename to b; drop table b`: the same table, named in two ways.
    for (const [key, before] of former) {
      const known = JSON.parse(key) as readonly [string | null, string]
      if (before !== undefined && known[1] === now.name && (known[0] === null || now.schema === undefined))
        return before
    }
    const schema = now.schema === undefined ? undefined : (schemas.get(now.schema) ?? now.schema)
    return schema === undefined ? now : { ...now, schema }
  }
  const columnKey = (name: TableName, column: string): string => JSON.stringify([keyOf(table(name) ?? name), column])

  return {
    table,
    column: (now, column) => columns.get(columnKey(now, column)) ?? column,
    created: (now) => former.set(keyOf(now), undefined),
    renamed: (from, to) => former.set(keyOf(to), table(from)),
    renamedColumn(name, from, to) {
      columns.set(columnKey(name, to), columns.get(columnKey(name, from)) ?? from)
    },
    renamedSchema: (from, to) => schemas.set(to, schemas.get(from) ?? from),
  }
}

const keyOf = ({ schema, name }: TableName): string => JSON.stringify([schema ?? null, name])
