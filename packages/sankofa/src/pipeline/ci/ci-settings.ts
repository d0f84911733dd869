import { SankofaError } from '../../core/index.ts'
import type { Project } from '../project.ts'

export type CiSettings = {
  readonly project: Pick<Project, 'manager' | 'node' | 'commands'>
  /** What is merged into it goes live; `main` unless told. */
  readonly branch?: string
  /** False: only checks, nothing goes live from CI. */
  readonly ship?: boolean
  /** Where the CI keeps who may ship; `production` unless told. */
  readonly environment?: string
  /** Secrets that `ship` gets, by name; `DATABASE_URL` unless told. */
  readonly secrets?: readonly string[]
  /** The longest that a job may take, minutes. */
  readonly timeoutMinutes?: number
}

/**
 * The settings with what is not told; `ship` waits for its verdicts elsewhere, so both jobs are short.
 *
 * @throws SankofaError `SETTINGS_WRONG` for a secret's name that no CI takes
 */
export function withDefaults(settings: CiSettings): Required<CiSettings> {
  const { secrets = ['DATABASE_URL'] } = settings
  const problems = secrets
    .filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map((name) => `ci.secrets: found "${name}"; expected letters, digits and underscores, such as "DATABASE_URL".`)
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
  return { branch: 'main', ship: true, environment: 'production', timeoutMinutes: 30, ...settings, secrets }
}

/** What calls Sankofa as it is installed in the project: `npx sankofa`, which never fetches one once it is installed. */
export function sankofa({ manager }: CiSettings['project'], command: string): string {
  if (manager === 'npm') return `npx sankofa ${command}`
  return manager === 'pnpm' ? `pnpm exec sankofa ${command}` : `yarn run sankofa ${command}`
}

/** The Node that the project names, as a version for tools that take no range. */
export function nodeVersion({ node }: CiSettings['project']): string {
  const major = (version: string): string => /\d+/.exec(version)?.[0] ?? version
  // The least that the range allows may be too old for Sankofa itself.
  return node.wanted !== undefined && node.fits ? major(node.present) : major(node.wanted ?? node.present)
}
