import {
  call,
  environmentOf,
  isHealthy,
  nameOf,
  type PlacedRelease,
  type Placer,
  type PlacerOptions,
  wholeShare,
} from './placer.ts'

type Container = {
  readonly State: string
  readonly Health?: string
  readonly Publishers?: readonly { readonly PublishedPort: number }[] | null
}

export type DockerComposeOptions = PlacerOptions & {
  /** The service's name in compose.yaml; its port has to be published as `127.0.0.1:${PORT}:…`. */
  readonly composeService: string
}

/** Runs each release as a Compose project of its own, from the compose.yaml in its folder. */
export function dockerComposePlacer(options: DockerComposeOptions): Placer {
  const { service, publicPort, route, composeService, env = {} } = options
  const name = 'docker compose'
  const compose = (release: PlacedRelease, port: number, ...args: readonly string[]): Promise<string> =>
    call(
      name,
      [
        'docker',
        'compose',
        '--project-name',
        nameOf(service, release.id),
        '--project-directory',
        release.path,
        ...args,
      ],
      release.path,
      { ...options, env: { ...env, ...environmentOf(release, port) } },
    )
  const up = (release: PlacedRelease, port: number): Promise<string> =>
    compose(release, port, 'up', '--detach', '--no-deps', composeService)
  const containers = async (release: PlacedRelease): Promise<readonly Container[]> => {
    const text = (await compose(release, release.port, 'ps', '--all', '--format', 'json', composeService)).trim()
    if (text === '') return []
    // Compose up to 2.20 printed one list, since then an object a line.
    return text.startsWith('[')
      ? (JSON.parse(text) as readonly Container[])
      : text.split('\n').map((line) => JSON.parse(line) as Container)
  }
  return {
    name,
    cannot: [
      ...(route === undefined
        ? [
            'docker compose gives no share between 0 and 1: everybody gets the new release at once.',
            'docker compose publishes a port for one container at a time: requests that arrive while it changes hands are refused.',
          ]
        : []),
      'docker compose starts only the service itself: what it depends on, such as a database, has to run already.',
      'docker compose takes PORT and SANKOFA_RELEASE only where compose.yaml names them.',
    ],
    async start(release) {
      await up(release, release.port)
    },
    async health(release) {
      const found = await containers(release)
      if (
        found.length === 0 ||
        found.some(({ State, Health }) => ['exited', 'dead'].includes(State) || Health === 'unhealthy')
      ) {
        return 'failed'
      }
      if (found.some(({ State, Health }) => State !== 'running' || Health === 'starting')) return 'starting'
      // Without a health check in compose.yaml "running" says little: the release is asked itself.
      const published = found.flatMap(({ Publishers }) => Publishers ?? []).map(({ PublishedPort }) => PublishedPort)
      const port = published.find((one) => one > 0) ?? release.port
      return (await isHealthy(release, port, options)) ? 'ready' : 'starting'
    },
    async weight(release, share) {
      if (route !== undefined) return route(release, share)
      await up(release, wholeShare(name, share) === 1 ? publicPort : release.port)
    },
    async stop(release) {
      await compose(release, release.port, 'down')
    },
  }
}
