import type { StepClient } from '../migration.ts'
import { insertSql, sequencesSql } from './insert-sql.ts'
import type { KnownRows } from './known-rows.ts'
import { planRows } from './plan-rows.ts'
import type { Row } from './rule.ts'
import type { Table } from './table.ts'
import { type Outcome, tryStatements } from './try-statements.ts'

export type Solved = {
  readonly rows: number
  readonly reason: string
  /** They satisfy every constraint, and its own triggers would not have let them in. */
  readonly pastTriggers?: true
}

/** Rounds of trying; what four times a few dozen different rows do not meet is rarely met by more. */
const rounds = 4
const firstAttempts = 6

/**
 * Fills a table that refused what was planned for it: many different rows are offered one by one, and what the server says
 * decides which come next.
 */
export async function solveTable(
  client: StepClient,
  table: Table,
  all: readonly Table[],
  known: KnownRows,
  options: { readonly rows: number; readonly seed: number; readonly tame: boolean },
): Promise<Solved> {
  const parents = table.references.map(({ to }) => to)
  const learned: Learned = { wanted: new Set(), refused: new Set(), problems: [] }
  let attempts = 0
  const accepted: Row[] = []
  let broken: string | undefined
  // What was taken only in the last round has one more in which it is repeated.
  for (let round = 0; round < rounds + Math.min(1, accepted.length) && accepted.length < options.rows; round++) {
    // Triggers may have written here, or have altered what was written: what is there now counts.
    await known.load(
      client,
      all.filter(({ oid }) => oid === table.oid || parents.includes(oid)),
    )
    const candidates: Row[] = []
    // Each round offers twice as many as the one before: most tables need no second.
    for (let attempt = 1; attempt <= firstAttempts * 2 ** (round % rounds); attempt++) {
      const planned = planRows(table, {
        ...options,
        tame: options.tame || attempt % 2 === 0,
        sparing: options.tame && round !== rounds - 1,
        attempt: ++attempts,
        known: (oid) => (oid === table.oid ? [...known.of(oid), ...candidates] : known.of(oid)),
        wanted: learned.wanted,
        refused: learned.refused,
        like: attempt % 2 === 0 || round === rounds ? accepted[attempt % accepted.length] : undefined,
      })
      broken ??= planned.broken
      candidates.push(...planned.rows)
      if (candidates.length === 0 && attempt > 1 && planned.exhausted === true) break
    }
    if (candidates.length === 0) break
    for (const sql of sequencesSql(table, candidates)) await client.query(sql)
    const statements = candidates.map((row) => insertSql(table, [row]))
    const outcomes = await tryStatements(client, statements, options.rows - accepted.length)
    for (const outcome of outcomes) learn(outcome, table, learned)
    const taken = candidates.filter((_, place) => (outcomes[place]?.rows ?? 0) > 0)
    known.of(table.oid).push(...taken)
    accepted.push(...taken)
  }
  return { rows: accepted.length, reason: reasonOf(table, all, known, learned.problems, broken) }
}

type Learned = { readonly wanted: Set<number>; readonly refused: Set<string>; readonly problems: string[] }

function learn(outcome: Outcome, table: Table, { wanted, refused, problems }: Learned): void {
  if (outcome.rows > 0) return
  problems.push(outcome.message ?? 'a trigger or a rule put the row aside')
  if (outcome.constraint !== undefined && outcome.constraint !== '') refused.add(outcome.constraint)
  const column = table.columns.find(({ name }) => name === outcome.column)
  if (outcome.code === '23502' && column !== undefined) wanted.add(column.number)
}

function reasonOf(
  table: Table,
  all: readonly Table[],
  known: KnownRows,
  problems: readonly string[],
  broken: string | undefined,
): string {
  const lacking = table.references.find(
    ({ to, columns }) =>
      known.of(to).length === 0 &&
      columns.every((number) => table.columns.some((column) => column.number === number && column.notNull)),
  )
  if (lacking !== undefined) {
    const parent = all.find(({ oid }) => oid === lacking.to)?.label ?? 'a table that is left out'
    return `Every row has to refer to ${parent} ("${lacking.name}"), which has no rows.`
  }
  const [most] = [...Map.groupBy(problems, (problem) => problem)].sort(([, a], [, b]) => b.length - a.length)
  if (most !== undefined) return `Every row that was tried was refused: ${most[0]}.`
  return `No row could be made: ${broken ?? 'its constraints are not understood'}.`
}
