import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  call,
  environmentOf,
  isHealthy,
  type PlacedRelease,
  type Placer,
  type PlacerOptions,
  wholeShare,
} from './placer.ts'

export type SystemdOptions = PlacerOptions & {
  /** Where releases' environments are kept, such as `/etc/sankofa/market`; the template unit reads `<id>.env` there. */
  readonly environments: string
  /** The user's own manager instead of the system's. */
  readonly user?: boolean
}

/** Runs each release as an instance of the template unit `<service>@.service`. */
export function systemdPlacer(options: SystemdOptions): Placer {
  const { service, publicPort, route, environments, user = false } = options
  const name = 'systemd'
  const systemctl = (...args: readonly string[]): Promise<string> =>
    call(name, ['systemctl', ...(user ? ['--user'] : []), ...args], '/', options)
  const unitOf = (id: string): string => `${service}@${id}.service`
  const fileOf = (id: string): string => join(environments, `${id}.env`)
  const property = async (release: PlacedRelease, property: string): Promise<string> =>
    (await systemctl('show', '--value', `--property=${property}`, unitOf(release.id))).trim()
  const write = (release: PlacedRelease, port: number): void => {
    mkdirSync(environments, { recursive: true, mode: 0o700 })
    const lines = Object.entries(environmentOf(release, port)).map(([key, value]) => `${key}="${escaped(value)}"`)
    const part = `${fileOf(release.id)}.part`
    // It may hold passwords.
    writeFileSync(part, `${lines.join('\n')}\n`, { mode: 0o600 })
    renameSync(part, fileOf(release.id))
  }
  const portOf = (id: string): number | undefined => {
    if (!existsSync(fileOf(id))) return undefined
    const found = /^PORT="(\d+)"$/m.exec(readFileSync(fileOf(id), 'utf8'))?.[1]
    return found === undefined ? undefined : Number(found)
  }
  /** Other releases that run with the public port. */
  const holders = async (release: PlacedRelease): Promise<readonly string[]> =>
    (await systemctl('list-units', '--plain', '--no-legend', '--state=active,activating', `${service}@*.service`))
      .split('\n')
      .map((line) => /^\s*\S+?@(\S+)\.service\s/.exec(line)?.[1])
      .filter((id) => id !== undefined)
      .filter((id) => id !== release.id && portOf(id) === publicPort)
  return {
    name,
    cannot:
      route === undefined
        ? [
            'systemd gives no share between 0 and 1: everybody gets the new release at once.',
            'systemd restarts a release to give it the public port: requests that arrive meanwhile are refused.',
          ]
        : [],
    async start(release) {
      write(release, portOf(release.id) ?? release.port)
      await systemctl('start', unitOf(release.id))
    },
    async health(release) {
      const state = await property(release, 'ActiveState')
      if (state === 'failed' || state === 'inactive' || state === 'deactivating') return 'failed'
      if (state !== 'active') return 'starting'
      return (await isHealthy(release, portOf(release.id) ?? release.port, options)) ? 'ready' : 'starting'
    },
    async weight(release, share) {
      if (route !== undefined) return route(release, share)
      const port = wholeShare(name, share) === 1 ? publicPort : release.port
      if (port === publicPort) {
        for (const id of await holders(release)) await systemctl('disable', '--now', unitOf(id))
      }
      const restart = portOf(release.id) !== port
      write(release, port)
      await systemctl(restart ? 'restart' : 'start', unitOf(release.id))
      // What has the requests comes back after the host restarts.
      await systemctl(share === 1 ? 'enable' : 'disable', unitOf(release.id))
    },
    async stop(release) {
      await systemctl('disable', '--now', unitOf(release.id))
      rmSync(fileOf(release.id), { force: true })
    },
  }
}

export type SystemdTemplate = {
  readonly service: string
  /** The folder of releases; an instance is named for the folder in it. */
  readonly releases: string
  readonly environments: string
  /** Program and arguments, the program with its full path. */
  readonly command: readonly [string, ...string[]]
  readonly runAs: string
  /** How long a release may take to end, s. */
  readonly stopWithinS: number
}

/** The text of `/etc/systemd/system/<service>@.service`. */
export const systemdTemplate = ({
  service,
  releases,
  environments,
  command,
  runAs,
  stopWithinS,
}: SystemdTemplate): string => `[Unit]
Description=${service} release %i
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
User=${runAs}
WorkingDirectory=${releases}/%i
EnvironmentFile=${environments}/%i.env
ExecStart=${command.map(word).join(' ')}
KillSignal=SIGTERM
TimeoutStopSec=${stopWithinS}
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
`

/** Within double quotes. A line end may stand there in an environment file; in a unit it is written out. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')

const word = (text: string): string =>
  `"${escaped(text).replaceAll('\n', '\\n').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
