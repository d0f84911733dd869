import { type Candidate, type Known, plainAttempt, rowAttempts } from './attempts.ts'
import type { Attempt } from './finding.ts'
import { notTried, type Ran, timeIsUp, works } from './outcomes.ts'
import type { Relation } from './relations.ts'
import { tryOut, whichWork } from './run-attempt.ts'
import { advanceSequencesSql, sampleRelations } from './sample-relations.ts'
import { isLate, type Session, type Tried, toTry, usesOf } from './session.ts'
import { variationsOf } from './variations.ts'

const uniqueViolation = '23505'

/** With which values do the statements work? First for all of them with rows as they are, then what time is left for. */
export async function learnStatements(session: Session, statements: readonly Tried[]): Promise<readonly Ran[]> {
  const samples = await sampleRelations(session.client, session.relations)
  const advanced = new Set<Relation>()
  const learned: { finding: Ran; name: string; known?: Known }[] = []
  for (const { recorded, name, prepared, types } of statements) {
    if (!prepared.ok) {
      learned.push({ finding: notTried(recorded, prepared.reason), name })
      continue
    }
    const uses = usesOf(session, recorded)
    if (uses === undefined) learned.push({ finding: works(recorded, []), name })
    else if (isLate(session)) learned.push({ finding: notTried(recorded, timeIsUp), name })
    else {
      const known = { recorded, uses, types, samples }
      learned.push({ finding: await withRows(session, name, known, advanced), name, known })
    }
  }
  const findings: Ran[] = []
  for (const { finding, name, known } of learned) {
    const more =
      known === undefined || isLate(session) ? [] : await withVariations(session, name, known, finding.worked)
    findings.push({ ...finding, worked: [...finding.worked, ...more] })
  }
  return findings
}

async function withRows(session: Session, name: string, known: Known, advanced: Set<Relation>): Promise<Ran> {
  const { target } = known.uses
  const { recorded } = known
  const first = await run(session, name, rowAttempts(known))
  const references = target?.references ?? []
  if (first.worked.length > 0) return { ...works(recorded, first.worked), references }
  if (first.code === uniqueViolation && target !== undefined && !advanced.has(target)) {
    advanced.add(target)
    await tryOut(session.client, 'reset role', [{ before: [], sql: advanceSequencesSql(target) }])
    const second = await run(session, name, rowAttempts(known))
    if (second.worked.length > 0) return { ...works(recorded, second.worked), references }
  }
  const last = await run(session, name, [plainAttempt(known)])
  return last.worked.length > 0 ? { ...works(recorded, last.worked), references } : notTried(recorded, first.reason)
}

async function run(
  session: Session,
  name: string,
  candidates: readonly Candidate[],
): Promise<{ readonly worked: readonly Attempt[]; readonly reason: string; readonly code?: string }> {
  const tries = candidates.map((candidate) => toTry(session, name, candidate))
  const outcomes = await tryOut(session.client, session.become, tries)
  const worked: Attempt[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const candidate = candidates[index]
    if (outcome.ok && candidate !== undefined) worked.push({ ...candidate, rows: outcome.rows })
  }
  const failure = outcomes.find((outcome) => !outcome.ok)
  return { worked, reason: failure?.reason ?? timeIsUp, ...(failure === undefined ? {} : { code: failure.code }) }
}

async function withVariations(
  session: Session,
  name: string,
  known: Known,
  worked: readonly Attempt[],
): Promise<readonly Attempt[]> {
  const base = worked.find(({ instead }) => instead !== undefined) ?? worked[0]
  if (base === undefined) return []
  const candidates = variationsOf(known, base)
  const working = await whichWork(
    session.client,
    session.become,
    candidates.map((candidate) => toTry(session, name, candidate)),
  )
  return candidates.filter((_, index) => working.has(index)).map((candidate) => ({ ...candidate, rows: 0 }))
}
