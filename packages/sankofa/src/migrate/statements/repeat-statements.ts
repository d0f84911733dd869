import type { RecordedStatement } from '../../observe/index.ts'
import type { Attempt, StatementFinding } from './finding.ts'
import { notTried, timeIsUp, works } from './outcomes.ts'
import { tryOut } from './run-attempt.ts'
import { isLate, type Session, type Tried, toTry, usesOf } from './session.ts'

/** Reasons that are named: the first says what to do, many say only that it is much. */
const reasonsAtMost = 3

/** Do the statements still work, with the values with which they did? */
export async function repeatStatements(
  session: Session,
  statements: readonly Tried[],
  before: ReadonlyMap<string, StatementFinding>,
): Promise<readonly StatementFinding[]> {
  const findings: StatementFinding[] = []
  for (const { recorded, name, prepared } of statements) {
    const { text, routes } = recorded
    if (!prepared.ok)
      findings.push({ text, routes, ok: false, why: 'cannot be prepared', reason: prepared.reason, worked: [] })
    else if (isLate(session)) findings.push(notTried(recorded, timeIsUp))
    else findings.push(await repeat(session, name, recorded, before.get(text)?.worked ?? []))
  }
  return findings
}

async function repeat(
  session: Session,
  name: string,
  recorded: RecordedStatement,
  attempts: readonly Attempt[],
): Promise<StatementFinding> {
  const outcomes = await tryOut(
    session.client,
    session.become,
    attempts.map((attempt) => toTry(session, name, attempt)),
  )
  const hidesRows = usesOf(session, recorded)?.relations.some((relation) => relation.hidesRows) === true
  const still: Attempt[] = []
  const failed: { readonly attempt: Attempt; readonly reason: string }[] = []
  for (const [index, attempt] of attempts.entries()) {
    const outcome = outcomes[index]
    if (outcome?.ok === false) failed.push({ attempt, reason: outcome.reason })
    else if (hidesRows && attempt.rows > 0 && outcome?.rows === 0)
      failed.push({ attempt, reason: 'row-level security hides the rows that it found before' })
    else still.push({ ...attempt, rows: outcome?.rows ?? 0 })
  }
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
