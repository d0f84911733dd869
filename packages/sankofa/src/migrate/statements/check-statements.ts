import type pg from 'pg'
import type { RecordedStatement } from '../../observe/index.ts'
import { loadParser } from '../sql/statement.ts'
import { asOrdinaryRole } from './as-ordinary-role.ts'
import type { StatementFinding } from './finding.ts'
import { learnStatements } from './learn-statements.ts'
import { namedTables } from './named-tables.ts'
import { isOneStatement, notOneStatement } from './one-statement.ts'
import { notTried, type Ran } from './outcomes.ts'
import { prepareSql, readParameterTypes } from './prepared.ts'
import { findAmong, readRelations } from './relations.ts'
import { repeatStatements } from './repeat-statements.ts'
import { type Outcome, tryOut } from './run-attempt.ts'
import type { Session, Tried } from './session.ts'
import { writtenRules } from './written-rules.ts'

export type CheckOptions = {
  /** The role that the release connects as, where the shadow has it with its privileges; an ordinary one unless told. */
  readonly role?: string
  /** What was found on the schema before: what worked there is sent again, with the same values. */
  readonly before?: readonly StatementFinding[]
  /** For all of them together; 10 s unless told. What is left is `not tried`. */
  readonly budgetMs?: number
}

const defaultBudgetMs = 10_000

/**
 * Runs recorded statements on a shadow as an ordinary role, each rolled back: on the schema before a migration to learn
 * with which values they work, then on the schema after it with those.
 *
 * @param client - superuser on the shadow, outside of a transaction; nothing that it does stays, except that sequences advance
 */
export async function checkStatements(
  client: pg.ClientBase,
  statements: readonly RecordedStatement[],
  options: CheckOptions = {},
): Promise<readonly StatementFinding[]> {
  if (statements.length === 0) return []
  await loadParser()
  const { before, budgetMs = defaultBudgetMs } = options
  const untilMs = performance.now() + budgetMs
  const known = before && new Map(before.map((finding) => [finding.text, finding]))
  // What could not be prepared before says nothing after, whatever becomes of it.
  const wanted = statements.filter(({ text }) => known === undefined || known.get(text)?.prepared === true)
  try {
    const found = await asOrdinaryRole(client, options.role, async ({ become }) => {
      const tables = wanted.flatMap(({ text }) => namedTables(text) ?? [])
      const keys = (before ?? []).flatMap(({ worked }) => worked.flatMap(({ instead }) => instead?.table ?? []))
      const names = new Set([...tables.map(({ name }) => name), ...keys])
      const session: Session = { client, become, relations: await readRelations(client, [...names]), untilMs }
      const tried = await prepare(session, wanted)
      const ran = await (known === undefined
        ? learnStatements(session, tried)
        : repeatStatements(session, tried, known))
      const triedByText = new Map(tried.map((one) => [one.recorded.text, one]))
      return ran.map((finding) => withShape(finding, triedByText.get(finding.text)))
    })
    const byText = new Map(found.map((finding) => [finding.text, finding]))
    return statements.map((recorded) => {
      const was = known?.get(recorded.text)
      const { tables = [] } = was ?? {}
      const unknown = { ...notTried(recorded, was?.reason ?? 'it was not run before'), prepared: false, tables }
      return byText.get(recorded.text) ?? unknown
    })
  } finally {
    // They outlive their transaction.
    const { rows } = await client.query<{ name: string }>(
      'select prepared.name from pg_prepared_statements as prepared where prepared.name = any ($1::text[])',
      [wanted.map((_, index) => nameOf(index))],
    )
    if (rows.length > 0) await client.query(rows.map(({ name }) => `deallocate ${name}`).join(';'))
  }
}

const withShape = (ran: Ran, tried: Tried | undefined): StatementFinding => ({
  ...ran,
  prepared: tried?.prepared.ok === true,
  tables: tried?.tables ?? [],
  ...(tried?.written === undefined ? {} : { written: tried.written }),
})

const nameOf = (index: number): string => `sankofa_statement_${index}`

async function prepare(session: Session, statements: readonly RecordedStatement[]): Promise<readonly Tried[]> {
  const { client } = session
  const find = findAmong(session.relations)
  const tried: Omit<Tried, 'types'>[] = []
  for (const [index, recorded] of statements.entries()) {
    const name = nameOf(index)
    const prepared = await prepareOne(session, name, recorded)
    const tables = (namedTables(recorded.text) ?? []).map((named) => {
      const relation = find(named.schema, named.name)
      const { schema, name: table } = relation ?? named
      return schema === undefined ? table : `${schema}.${table}`
    })
    const written = prepared.ok ? { written: writtenRules(recorded.text, recorded.parameterTypes ?? [], find) } : {}
    tried.push({ recorded, name, prepared, tables, ...written })
  }
  const names = tried.map(({ name }) => name)
  const types = await readParameterTypes(client, names)
  return tried.map((statement) => ({ ...statement, types: types.get(statement.name) ?? [] }))
}

async function prepareOne({ client, become }: Session, name: string, recorded: RecordedStatement): Promise<Outcome> {
  if (!isOneStatement(recorded.text)) return { ok: false, reason: notOneStatement, code: syntaxError }
  const [prepared] = await tryOut(client, become, [{ before: [], sql: prepareSql(name, recorded) }])
  return prepared ?? { ok: false, reason: notOneStatement, code: syntaxError }
}

const syntaxError = '42601'
