import type { RecordedStatement } from '../../observe/index.ts'
import type { Attempt, StatementFinding } from './finding.ts'
import { notTried, type Ran, timeIsUp, works } from './outcomes.ts'
import { type Failure, tryOut } from './run-attempt.ts'
import { isLate, type Session, type Tried, toTry, usesOf } from './session.ts'
import { doubtsSince, lackingSince, type WrittenRules } from './written-rules.ts'

/** Reasons that are named: the first says what to do, many say only that it is much. */
const reasonsAtMost = 3

/** Do the statements still work, with the values with which they did? */
export async function repeatStatements(
  session: Session,
  statements: readonly Tried[],
  before: ReadonlyMap<string, StatementFinding>,
): Promise<readonly Ran[]> {
  const findings: Ran[] = []
  for (const { recorded, name, prepared, written } of statements) {
    const { text, routes } = recorded
    const was = before.get(text)
    if (!prepared.ok) {
      findings.push({ text, routes, ok: false, why: 'cannot be prepared', reason: prepared.reason, worked: [] })
      continue
    }
    const ran =
      was?.ok !== true
        ? notTried(recorded, was?.reason ?? 'it was not run before')
        : isLate(session)
          ? notTried(recorded, timeIsUp)
          : await repeat(session, name, recorded, was)
    const isComparable = ran.why === 'not tried' && written !== undefined && was?.written !== undefined
    findings.push(isComparable ? withoutRunning(ran, was.written, written) : ran)
  }
  return findings
}

/** What the text and the catalogue tell of a statement that could not be run. */
function withoutRunning(ran: Ran, was: WrittenRules, now: WrittenRules): Ran {
  const lacking = lackingSince(was, now)
  if (lacking !== undefined) return { ...ran, why: 'fails when run', reason: lacking }
  return { ...ran, reason: [ran.reason, ...doubtsSince(was, now)].join('; ') }
}

async function repeat(
  session: Session,
  name: string,
  recorded: RecordedStatement,
  was: StatementFinding | undefined,
): Promise<Ran> {
  const attempts = was?.worked ?? []
  const uses = usesOf(session, recorded)
  const outcomes = await tryOut(
    session.client,
    session.become,
    attempts.map((attempt) => toTry(session, name, attempt)),
  )
  const hidesRows = uses?.relations.some((relation) => relation.hidesRows) === true
  const still: Attempt[] = []
  const failed: { readonly attempt: Attempt; readonly reason: string }[] = []
  for (const [index, attempt] of attempts.entries()) {
    const outcome = outcomes[index]
    if (outcome?.ok === false && isOurDoing(outcome, attempt, uses?.target?.name, was?.references)) continue
    if (outcome?.ok === false) failed.push({ attempt, reason: outcome.reason })
    else if (hidesRows && attempt.rows > 0 && outcome?.rows === 0)
      failed.push({ attempt, reason: 'row-level security hides the rows that it found before' })
    else still.push({ ...attempt, rows: outcome?.rows ?? 0 })
  }
  if (failed.length === 0 && still.length === 0 && attempts.length > 0) return notTried(recorded, rowsAreGone)
  if (failed.length === 0) return works(recorded, still)
  const isForSome = still.some(({ variation }) => variation === undefined)
  const reasons = new Map<string, string>()
  for (const { attempt, reason } of failed) {
    const text = isForSome ? `${reason}, with ${attempt.variation ?? 'the values of some rows'}` : reason
    if (!reasons.has(reason)) reasons.set(reason, text)
  }
  const { text, routes } = recorded
  return {
    text,
    routes,
    ok: false,
    why: isForSome ? 'fails for some values' : 'fails when run',
    reason: [...reasons.values()].slice(0, reasonsAtMost).join('; '),
    worked: still,
  }
}

const rowsAreGone = 'the rows that its values were taken from, or refer to, are not what they were'
const foreignKeyViolation = '23503'
const uniqueViolation = '23505'

/**
 * Does it fail for what the check did, not for what the migration did? The row that a foreign key of before refers to was
 * deleted; or a trigger writes a second table, which still has what belongs to the row that was taken away.
 */
function isOurDoing(
  failure: Failure,
  attempt: Attempt,
  target: string | undefined,
  references: readonly string[] = [],
): boolean {
  const { code, constraint, table } = failure
  if (code === foreignKeyViolation) return constraint !== undefined && references.includes(constraint)
  return code === uniqueViolation && attempt.instead !== undefined && table !== undefined && table !== target
}
