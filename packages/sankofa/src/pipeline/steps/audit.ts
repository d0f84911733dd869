import { SankofaError } from '../../core/index.ts'
import type { Project } from '../project.ts'
import { runInStep, type Step, stepFailed } from '../step.ts'
import { type Advisory, readAudit, severities } from './advisories.ts'

/** A known fault that a team lives with for a time. */
export type AcceptedAdvisory = {
  /** `GHSA-…`, or the registry's number. */
  readonly id: string
  readonly reason: string
  /** ISO 8601; from then on it counts again. */
  readonly until: string
}

export type AuditOptions = {
  readonly accepted?: readonly AcceptedAdvisory[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly now?: () => Date
}

const stopsAt = severities.indexOf('high')

/**
 * Looks for known faults in what runs in production: high and critical ones stop, unless accepted. A registry that does
 * not answer, or has no such answer, says nothing about the packages: the step is skipped with the reason.
 *
 * @throws SankofaError `SETTINGS_WRONG` for an acceptance without id, reason or end
 */
export function auditStep(
  project: Project,
  { accepted = [], env = {}, now = () => new Date() }: AuditOptions = {},
): Step {
  checkAccepted(accepted)
  return {
    id: 'audit',
    title: 'Look for known faults in dependencies',
    skip: () => (project.lockFile === undefined ? 'there are no dependencies' : undefined),
    async run(context) {
      const { manager, commands, root } = project
      // The report is for programs: its lines would only flood the view.
      const quiet = { ...context, log: () => {} }
      const { stdout, stderr } = await runInStep(commands.audit, quiet, { cwd: root, env })
      const answer = readAudit(manager, stdout, stderr)
      if ('unknown' in answer) return { skipped: `the registry gave no audit (${answer.unknown})` }
      return judge(answer.advisories, accepted, now(), context.log)
    },
  }
}

function judge(
  advisories: readonly Advisory[],
  accepted: readonly AcceptedAdvisory[],
  now: Date,
  log: (line: string) => void,
): string {
  const stopping: string[] = []
  let taken = 0
  for (const one of advisories.filter(({ severity }) => severities.indexOf(severity) >= stopsAt)) {
    const words = `${one.package}: ${one.title} (${one.severity}, ${one.ids[0] ?? 'no id'})`
    const acceptance = accepted.find(({ id }) => one.ids.includes(id))
    if (acceptance !== undefined && new Date(acceptance.until) > now) {
      taken++
      log(`accepted until ${acceptance.until}: ${words}; ${acceptance.reason}`)
      continue
    }
    stopping.push(acceptance === undefined ? words : `${words}, accepted until ${acceptance.until}, which has passed`)
    log(`${words} ${one.url}`.trim())
  }
  if (stopping.length > 0) {
    throw stepFailed(
      `${stopping.length} known ${stopping.length === 1 ? 'fault' : 'faults'} in what runs in production: ${stopping.slice(0, 3).join('; ')}${stopping.length > 3 ? '; …' : ''}.`,
      'Run "sankofa update", or accept it in the settings with its id, a reason and an end.',
    )
  }
  const lesser = advisories.length - taken
  return `nothing high or critical${lesser > 0 ? `, ${lesser} lesser` : ''}${taken > 0 ? `, ${taken} accepted` : ''}`
}

function checkAccepted(accepted: readonly AcceptedAdvisory[]): void {
  const problems = accepted.flatMap(({ id, reason, until }) => {
    const name = `audit.accepted "${id}"`
    return [
      ...(id.trim() === '' ? ['audit.accepted: an entry has no id; expected one such as "GHSA-xxxx-xxxx-xxxx".'] : []),
      ...(reason.trim() === '' ? [`${name}: the reason is empty; expected why the team lives with it.`] : []),
      ...(Number.isNaN(Date.parse(until))
        ? [`${name}: "until" is "${until}"; expected a date such as "2027-01-31".`]
        : []),
    ]
  })
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
}
