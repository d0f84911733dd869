import type pg from 'pg'
import { literal, quoted } from '../rows/table.ts'
import type { Candidate } from './attempts.ts'
import type { RowKey } from './finding.ts'
import type { Relation } from './relations.ts'

export type Failure = {
  readonly ok: false
  readonly reason: string
  readonly code: string
  /** What was violated, and of which table. */
  readonly constraint?: string
  readonly table?: string
}
export type Outcome = { readonly ok: true; readonly rows: number } | Failure

/** SQL that is run before the role is taken, and what the role sends. */
export type Try = { readonly before: readonly string[]; readonly sql: string }

/** Runs each in a savepoint, as the role; nothing of it stays. One round trip where all work. */
export async function tryOut(
  client: pg.ClientBase,
  become: string,
  tries: readonly Try[],
): Promise<readonly Outcome[]> {
  if (tries.length === 0) return []
  const outcomes = await tryTogether(client, become, tries)
  if (!('code' in outcomes)) return outcomes
  if (tries.length === 1) return [outcomes]
  // PostgreSQL does not say which of them failed, and the answers before it are lost.
  const each: Outcome[] = []
  for (const one of tries) each.push(...(await tryOut(client, become, [one])))
  return each
}

async function tryTogether(
  client: pg.ClientBase,
  become: string,
  tries: readonly Try[],
): Promise<readonly Outcome[] | Failure> {
  const [, ...parts] = tries.flatMap(({ before, sql }) => ['savepoint attempt', ...before, become, sql, ...undoAttempt])
  // By itself: a server that cannot read one statement of a message runs none of it, and there would be nothing to go back to.
  await client.query('savepoint attempt')
  try {
    // A line each: a comment at the end of a recorded text must not reach what follows.
    const results = (await client.query(parts.join('\n;'))) as unknown as readonly pg.QueryResult[]
    let last = -2
    return tries.map(({ before }) => {
      last += before.length + 3 + undoAttempt.length
      return { ok: true, rows: results[last - undoAttempt.length]?.rowCount ?? 0 }
    })
  } catch (error) {
    const failure = toFailure(error)
    await client.query(undoAttempt.join('; '))
    return failure
  }
}

const undoAttempt = ['rollback to savepoint attempt', 'release savepoint attempt']

/**
 * Which of these work? For tries that mostly fail: PostgreSQL goes through all of them in one round trip.
 *
 * @returns numbers of those that work; of none where they took too long together
 */
export async function whichWork(
  client: pg.ClientBase,
  become: string,
  tries: readonly Try[],
): Promise<ReadonlySet<number>> {
  if (tries.length === 0) return new Set()
  const blocks = tries.map(
    ({ before, sql }, index) => `
      begin
        ${[...before, become, sql].map((part) => `execute ${literal(part)};`).join('\n        ')}
        raise sqlstate '${worked}';
      exception
        when sqlstate '${worked}' then numbers := numbers || '${index} ';
        when others then null;
      end;`,
  )
  const body = `declare numbers text := ''; begin${blocks.join('')} perform set_config('sankofa.worked', numbers, true); end`
  try {
    const results = (await client.query(
      `savepoint attempt; do ${literal(body)}; select current_setting('sankofa.worked') as numbers; ${undoAttempt.join('; ')}`,
    )) as unknown as readonly pg.QueryResult<{ numbers: string }>[]
    const numbers = results[2]?.rows[0]?.numbers.split(' ') ?? []
    return new Set(numbers.filter((number) => number !== '').map(Number))
  } catch (error) {
    toFailure(error)
    await client.query(undoAttempt.join('; '))
    return new Set()
  }
}

/** Ends a block so that PostgreSQL takes back what it did. */
const worked = 'SK000'

/** Before what a function says in its own words, which may tell anything of a row. */
export const raises = 'it raises: '

/** A connection that broke is no answer of a statement's. */
function toFailure(error: unknown): Failure {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string' || error.code.length !== 5)
    throw error
  const { code, message } = error
  const { constraint, table, routine } = error as {
    readonly constraint?: string
    readonly table?: string
    readonly routine?: string
  }
  const reason = withoutValue(message, code)
  return {
    ok: false,
    reason: routine === 'exec_stmt_raise' ? `${raises}${reason}` : reason,
    code,
    ...(constraint === undefined ? {} : { constraint }),
    ...(table === undefined ? {} : { table }),
  }
}

/** PostgreSQL names the value that it could not read; it may be of a real row. */
const withoutValue = (message: string, code: string): string =>
  code.startsWith('22') ? message.replace(/: ".*"$/s, '').replace(/value "[^"]*"/, 'a value') : message

export function executeSql(name: string, { values }: Candidate): string {
  const written = values.map((value) => (value === null ? 'null' : literal(value)))
  return `execute ${name}${written.length === 0 ? '' : ` (${written.join(', ')})`}`
}

/**
 * Takes a row away without what hangs on it: no trigger, no cascade.
 *
 * @param relations - as they are now: a column that was renamed is found by its number
 */
export function withoutRow(key: RowKey | undefined, relations: readonly Relation[]): readonly string[] {
  const relation = relations.find(({ schema, name }) => schema === key?.schema && name === key.table)
  if (key === undefined || relation === undefined) return []
  const conditions = key.columns.flatMap(({ name, number, value }) => {
    const column =
      relation.columns.find((one) => one.name === name) ?? relation.columns.find((one) => one.number === number)
    return column === undefined ? [] : [`${quoted(column.name)}::text = ${literal(value)}`]
  })
  if (conditions.length < key.columns.length) return []
  return [
    'set local session_replication_role = replica',
    `delete from ${quoted(relation.schema)}.${quoted(relation.name)} where ${conditions.join(' and ')}`,
    'set local session_replication_role = origin',
  ]
}
