import type { StatementComparison, StatementFinding } from './finding.ts'

/**
 * Which statements did a migration break? One that could not even be prepared before says nothing of the migration; one that
 * could not be run there is broken where it cannot be prepared now, or where its text tells.
 *
 * @param before - findings on the schema that the running release knows
 * @param after - findings of the same statements on the new schema, made with `before`
 */
export function compareStatements(
  before: readonly StatementFinding[],
  after: readonly StatementFinding[],
): StatementComparison {
  const then = new Map(before.map((finding) => [finding.text, finding]))
  const broken: StatementFinding[] = []
  const risky: StatementFinding[] = []
  const notTried: StatementFinding[] = []
  let working = 0
  for (const finding of after) {
    const was = then.get(finding.text)
    if (was?.prepared !== true) {
      const reason = was?.reason ?? 'it was not run on the schema before'
      notTried.push({ ...finding, ok: false, why: 'not tried', reason })
    } else if (finding.ok) working += 1
    else if (finding.why === 'not tried') notTried.push(finding)
    else if (finding.why === 'fails for some values') risky.push(finding)
    else broken.push(finding)
  }
  return { broken, risky, notTried, working }
}
