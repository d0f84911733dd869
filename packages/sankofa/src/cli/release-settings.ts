import type { KeySource, StartSettings } from '../release/index.ts'
import { hostProblems, type SshHost } from './ship/ssh-host.ts'

/** How the service is released: what is run, and how it is told from a broken one. */
export type ReleaseSettings = {
  /** Program and arguments, run in the release's folder; it listens on the port in `PORT`, on loopback. */
  readonly start: readonly string[]
  /** Path that answers 2xx when it may get requests; `/health` unless told. */
  readonly health?: string
  /** Paths that must answer below 500 before it gets requests. */
  readonly smoke?: readonly string[]
  /** Added to its environment; it belongs to the release. Secrets belong to the host's own environment instead. */
  readonly environment?: Readonly<Record<string, string>>
  /** Run in its folder after the install, such as `['npm', 'run', 'build']`. */
  readonly build?: readonly string[]
  /** Leave development dependencies out; not unless told. */
  readonly omitDev?: boolean
  readonly readyWithinMs?: number
  readonly stopWithinMs?: number
  /** Whom a release is drawn for: the first of these headers and cookies that a request has, else a visitor's cookie. */
  readonly keyFrom?: readonly KeySource[]
  /** Addresses or ranges of proxies in front, whose X-Forwarded-* are believed. */
  readonly trusted?: readonly string[]
  /** Releases kept on disk beside those in use; 5 unless told. */
  readonly keep?: number
  /** Machines that run it, reached over SSH; this machine alone unless told. */
  readonly hosts?: readonly SshHost[]
  /** A change of this size is asked to be split; 400 lines, 20 files, 1 migration, 1 flag, 3 dependencies unless told. */
  readonly budget?: Partial<Budget>
}

export type Budget = {
  readonly lines: number
  readonly files: number
  readonly migrations: number
  readonly flags: number
  readonly dependencies: number
}

export const defaultBudget: Budget = { lines: 400, files: 20, migrations: 1, flags: 1, dependencies: 3 }

/** As a release carries them, with what is set unless told. */
export const startSettings = (settings: ReleaseSettings): StartSettings => ({
  command: settings.start,
  environment: settings.environment ?? {},
  health: settings.health ?? '/health',
  smoke: settings.smoke ?? [],
  readyWithinMs: settings.readyWithinMs ?? 60_000,
  stopWithinMs: settings.stopWithinMs ?? 10_000,
})

const known: readonly (keyof ReleaseSettings)[] = [
  'start',
  'health',
  'smoke',
  'environment',
  'build',
  'omitDev',
  'readyWithinMs',
  'stopWithinMs',
  'keyFrom',
  'trusted',
  'keep',
  'hosts',
  'budget',
]

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

const unknownIn = (where: string, settings: object, names: readonly string[]): string[] =>
  Object.keys(settings)
    .filter((name) => !names.includes(name))
    .map((name) => `${where}.${name}: is not a setting; expected one of ${names.join(', ')}.`)

/** Every wrong setting, a sentence each. */
export function releaseProblems(settings: ReleaseSettings | undefined): readonly string[] {
  if (settings === undefined) return []
  if (typeof settings !== 'object' || settings === null)
    return [`release: found ${JSON.stringify(settings)}, expected an object such as { start: ['node', 'server.ts'] }.`]
  const problems = unknownIn('release', settings, known)
  const { start, health, environment, keep, budget } = settings
  const smoke: readonly unknown[] = Array.isArray(settings.smoke) ? settings.smoke : []
  if (settings.smoke !== undefined && !Array.isArray(settings.smoke))
    problems.push(`release.smoke: found ${JSON.stringify(settings.smoke)}, expected paths, such as ["/products"].`)
  problems.push(...hostProblems(settings.hosts))
  problems.push(...unknownIn('release.budget', budget ?? {}, Object.keys(defaultBudget)))
  const { build } = settings
  if (build !== undefined && !(Array.isArray(build) && build.every(isText)))
    problems.push(
      `release.build: found ${JSON.stringify(build)}, expected program and arguments, such as ['npm', 'run', 'build'].`,
    )
  if (!Array.isArray(start) || start.length === 0 || !start.every(isText))
    problems.push(
      `release.start: found ${JSON.stringify(start)}, expected program and arguments, such as ['node', 'server.ts'].`,
    )
  for (const path of [health, ...smoke]) {
    if (path !== undefined && !(typeof path === 'string' && path.startsWith('/')))
      problems.push(
        `release: found the path ${JSON.stringify(path)}, expected one that begins with a slash, such as "/health".`,
      )
  }
  for (const [name, value] of Object.entries(environment ?? {})) {
    if (typeof value !== 'string')
      problems.push(`release.environment.${name}: found ${JSON.stringify(value)}, expected text.`)
  }
  for (const name of ['PORT', 'HOST', 'SANKOFA_RELEASE']) {
    if (environment?.[name] !== undefined) problems.push(`release.environment.${name}: the host sets it; leave it out.`)
  }
  for (const [name, value] of [
    ['keep', keep],
    ['readyWithinMs', settings.readyWithinMs],
    ['stopWithinMs', settings.stopWithinMs],
    ...Object.entries(budget ?? {}).map(([key, limit]) => [`budget.${key}`, limit] as const),
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      problems.push(`release.${name}: found ${JSON.stringify(value)}, expected a whole number.`)
  }
  return problems
}
