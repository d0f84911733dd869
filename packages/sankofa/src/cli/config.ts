import type { AlertSettings, AttemptWords } from '../alert/index.ts'
import { SankofaError } from '../core/index.ts'
import type { Flag, Tunable } from '../flags/index.ts'
import type { MigrationSet, Tool } from '../migrate/index.ts'
import { type ConsoleSettings, consoleProblems } from './console-settings.ts'
import { type ReleaseSettings, releaseProblems } from './release-settings.ts'

/** A thing that customers try and that should succeed: what the business guards and the owner's messages count. */
export type Attempt = AttemptWords & {
  /** As the service calls it: `requestContext()?.attempt(name)`. */
  readonly name: string
}

export type Config = {
  /** Names the service in measurements and messages. */
  readonly service: string
  readonly flags?: readonly Flag[]
  readonly tunables?: readonly Tunable[]
  readonly attempts?: readonly Attempt[]
  readonly alert?: AlertSettings
  readonly migrations?: MigrationSettings
  readonly release?: ReleaseSettings
  readonly console?: ConsoleSettings
}

/** Where the migrations of the service are, and what may be done for them. */
export type MigrationSettings = {
  /** From the folder of the config. */
  readonly directory: string
  /** Reads them instead, where the service itself has to say something of them, such as what must be there before. */
  load?(): Promise<MigrationSet>
  /** Recognised by the folder's contents unless told. */
  readonly tool?: Tool
  /** A module that yields the migrations, for what no known tool wrote. */
  readonly loader?: string
  /** A server on which proofs are made; the embedded one unless told. */
  readonly shadowUrl?: string
  /** What one migration may keep aside of the rows that it destroys; 1,000 unless told. */
  readonly stashMegabytes?: number
}

const known = ['service', 'flags', 'tunables', 'attempts', 'alert', 'migrations', 'release', 'console'] as const

/**
 * Describes a service to Sankofa. `sankofa.config.ts` exports the result as `config`.
 *
 * @throws SankofaError `SETTINGS_WRONG`, with every wrong setting at once
 */
export function defineConfig(config: Config): Config {
  const problems: string[] = []
  const { flags = [], tunables = [], attempts = [] } = config
  for (const name of Object.keys(config)) {
    if (!(known as readonly string[]).includes(name))
      problems.push(`"${name}" is not a setting; expected one of ${known.join(', ')}.`)
  }
  if (typeof config.service !== 'string' || config.service === '')
    problems.push(`service: found ${JSON.stringify(config.service)}, expected a name such as "shop".`)
  for (const [name, ids] of [
    ['flags', flags.map((flag) => flag.id)],
    ['tunables', tunables.map((tunable) => tunable.id)],
    ['attempts', attempts.map((attempt) => attempt.name)],
  ] as const) {
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index)
    for (const id of new Set(twice)) problems.push(`${name}: "${id}" is declared twice; expected each once.`)
  }
  const both = flags.map((flag) => flag.id).filter((id) => tunables.some((tunable) => tunable.id === id))
  for (const id of both) problems.push(`"${id}" is both a flag and a tunable; expected one name for one change.`)
  problems.push(
    ...migrationProblems(config.migrations),
    ...releaseProblems(config.release),
    ...consoleProblems(config.console),
  )
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
  return config
}

function migrationProblems(settings: MigrationSettings | undefined): readonly string[] {
  if (settings === undefined) return []
  const { directory, stashMegabytes } = settings
  const problems: string[] = []
  if (typeof directory !== 'string' || directory === '')
    problems.push(`migrations.directory: found ${JSON.stringify(directory)}, expected a folder such as "migrations".`)
  if (stashMegabytes !== undefined && !(stashMegabytes > 0))
    problems.push(
      `migrations.stashMegabytes: found ${JSON.stringify(stashMegabytes)}, expected megabytes, such as 1000.`,
    )
  return problems
}
