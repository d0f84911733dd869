import { type CreateFunctionStmt, type DefElem, type DoStmt, type Node, parsePlPgSQLSync, parseSync } from 'libpg-query'
import pg from 'pg'

/** What the text of a `do` block or a function shows of its statements. */
export type Program = {
  readonly nodes: readonly Node[]
  /** Why some of it is known only when it runs. */
  readonly opaque?: string
}

/** The statements of a `do` block. */
export const programOfDo = ({ args = [] }: DoStmt): Program => {
  const language = textOption(args, 'language') ?? 'plpgsql'
  return programOf(language, textOption(args, 'as') ?? '', 'returns void')
}

/** The statements of a function or procedure, from its definition. */
export function programOfFunction({ options = [], sql_body: body, returnType }: CreateFunctionStmt): Program {
  if (body !== undefined) return { nodes: [body] }
  const names = returnType?.names ?? []
  const last = names.at(-1)
  const returned = last !== undefined && 'String' in last ? last.String.sval : undefined
  const returns =
    returned === 'trigger' || returned === 'event_trigger'
      ? `returns ${returned}`
      : returnType?.setof === true
        ? 'returns setof record'
        : 'returns void'
  return programOf(textOption(options, 'language') ?? 'sql', textOption(options, 'as') ?? '', returns)
}

function programOf(language: string, body: string, returns: string): Program {
  try {
    if (language === 'sql') return { nodes: statementsOf(body) }
    if (language !== 'plpgsql') return { nodes: [], opaque: `it runs ${language}` }
    return readPlPgSql(
      parsePlPgSQLSync(`create function f() ${returns} language plpgsql as ${pg.escapeLiteral(body).trim()}`),
    )
  } catch (error) {
    // Parameters and row types of the real function are not declared here: the parser may miss them.
    return {
      nodes: [],
      opaque: `its body cannot be read by itself (${error instanceof Error ? error.message : error})`,
    }
  }
}

/** @param parsed - as libpg-query gives it: a tree in which `PLpgSQL_expr` holds SQL */
function readPlPgSql(parsed: unknown): Program {
  const nodes: Node[] = []
  let opaque: string | undefined
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { PLpgSQL_expr: expression, PLpgSQL_stmt_dynexecute: dynamic } = value as {
      readonly PLpgSQL_expr?: Expression
      readonly PLpgSQL_stmt_dynexecute?: { readonly query?: { readonly PLpgSQL_expr?: Expression } }
    }
    if (dynamic !== undefined) {
      const constant = constantOf(dynamic.query?.PLpgSQL_expr?.query ?? '')
      if (constant === undefined) opaque ??= 'it puts SQL together while it runs'
      else nodes.push(...statementsOf(constant))
    }
    if (expression !== undefined) nodes.push(...statementsOf(asStatement(expression)))
    for (const each of Object.values(value)) walk(each)
  }
  walk(parsed)
  return opaque === undefined ? { nodes } : { nodes, opaque }
}

type Expression = { readonly query: string; readonly parseMode?: number }

/** PL/pgSQL keeps `x := f(1)` and bare expressions as they stand: made into queries, they can be read. */
function asStatement({ query, parseMode = 0 }: Expression): string {
  if (parseMode === 0) return query
  if (parseMode === 2) return `select ${query}`
  // The target of an assignment comes first and holds no `=`, so the first one is the assignment's own.
  return `select ${query.slice(query.indexOf('=') + 1)}`
}

function constantOf(expression: string): string | undefined {
  const statement = statementsOf(`select ${expression}`)[0]
  const target = statement !== undefined && 'SelectStmt' in statement ? statement.SelectStmt.targetList?.[0] : undefined
  const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
  return value !== undefined && 'A_Const' in value ? value.A_Const.sval?.sval : undefined
}

const statementsOf = (sql: string): readonly Node[] =>
  (parseSync(sql).stmts ?? []).flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt]))

function textOption(options: readonly Node[], name: string): string | undefined {
  const found = options
    .flatMap((option) => ('DefElem' in option ? [option.DefElem] : []))
    .find((each) => each.defname === name)
  return found === undefined ? undefined : textOf(found)
}

function textOf({ arg }: DefElem): string | undefined {
  if (arg === undefined) return undefined
  if ('String' in arg) return arg.String.sval
  const first = 'List' in arg ? arg.List.items?.[0] : undefined
  return first !== undefined && 'String' in first ? first.String.sval : undefined
}
