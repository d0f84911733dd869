import type { Kind } from './kind.ts'
import { type Draft, pick, type Replaceable, shuffle } from './schema.ts'

const viewSql = ({ name, table, columns }: Replaceable, replace = false): string =>
  `create ${replace ? 'or replace ' : ''}view ${name} as\nselect ${columns.join(', ')}\n  from ${table.name};`

const functionSql = ({ name, table, version }: Replaceable, replace = false): string =>
  `create ${replace ? 'or replace ' : ''}function ${name}(wanted bigint) returns bigint language plpgsql stable as $$
declare
  found bigint;
begin
  select count(*) into found from ${table.name} where ${table.name}.id >= wanted;
  -- version ${version}
  return found * ${version};
end
$$;`

/** Views, functions and triggers. */
export const programKinds = {
  view: (draft) => {
    const view = invent(draft, 'view')
    if (view === undefined) return undefined
    draft.views.push(view)
    return {
      slug: `view_${view.name}`,
      says: 'expand: nothing reads it yet',
      up: [viewSql(view)],
      undo: [`drop view ${view.name};`],
    }
  },
  'replace view': ({ random, views }) => {
    const view = pick(
      random,
      views.filter(({ table, columns }) => columns.length < table.columns.length),
    )
    const more = view?.table.columns.find(({ name }) => !view.columns.includes(name))
    if (view === undefined || more === undefined) return undefined
    const before = { ...view }
    view.columns = [...view.columns, more.name]
    view.table.pinned.add(more.name)
    return {
      slug: `replace_${view.name}_${more.name}`,
      says: 'expand: one column more, at the end',
      up: [viewSql(view, true)],
      undo: [`drop view ${view.name};`, viewSql(before)],
    }
  },
  'drop view': (draft) => {
    const view = pick(draft.random, draft.views)
    if (view === undefined) return undefined
    draft.views = draft.views.filter((other) => other !== view)
    return {
      slug: `drop_${view.name}`,
      says: 'contract: nothing reads it any more',
      up: [`drop view ${view.name};`],
      undo: [viewSql(view)],
    }
  },
  function: (draft) => {
    const made = invent(draft, 'count')
    if (made === undefined) return undefined
    draft.functions.push(made)
    return {
      slug: `function_${made.name}`,
      says: 'expand: nothing calls it yet',
      up: [functionSql(made)],
      undo: [`drop function ${made.name}(bigint);`],
    }
  },
  'replace function': ({ random, functions }) => {
    const made = pick(random, functions)
    if (made === undefined) return undefined
    const before = functionSql(made, true)
    made.version++
    return {
      slug: `replace_${made.name}_${made.version}`,
      says: 'move: the same call, another answer',
      up: [functionSql(made, true)],
      undo: [before],
    }
  },
  trigger: (draft) => {
    const table = pick(
      draft.random,
      draft.tables.filter(({ columns }) => columns.some(({ name }) => name === 'updated_at')),
    )
    if (table === undefined) return undefined
    const name = `${table.name}_touch_${++draft.serial}`
    table.pinned.add('updated_at')
    table.isHeld = true
    return {
      slug: `trigger_${name}`,
      says: 'expand: what is old need not set the time',
      up: [
        `create function ${name}() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;`,
        `create trigger ${name} before update on ${table.name} for each row execute function ${name}();`,
      ],
      undo: [`drop trigger ${name} on ${table.name};`, `drop function ${name}();`],
    }
  },
} satisfies Readonly<Record<string, Kind>>

function invent(draft: Draft, what: 'view' | 'count'): Replaceable | undefined {
  const [table] = shuffle(
    draft.random,
    draft.tables.filter(({ isList, columns }) => !isList && columns.length > 3),
  )
  if (table === undefined) return undefined
  const columns = table.columns.slice(0, 3).map(({ name }) => name)
  for (const column of columns) table.pinned.add(column)
  table.isHeld = true
  return { name: `${table.name}_${what}_${++draft.serial}`, table, columns, version: 1 }
}
