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

type Listed = { readonly name: string; readonly pm2_env: { readonly status: string; readonly PORT?: string } }

const runs = (one: Listed | undefined): boolean =>
  one?.pm2_env.status === 'online' || one?.pm2_env.status === 'launching'

/** Runs each release as a PM2 process of its own, in fork mode. */
export function pm2Placer(options: PlacerOptions): Placer {
  const { service, publicPort, route, env = {} } = options
  const name = 'PM2'
  const pm2 = (cwd: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<string> =>
    call(name, ['pm2', ...args], cwd, { ...options, env: { ...env, ...more } })
  const find = async (release: PlacedRelease): Promise<Listed | undefined> =>
    (await list(release.path)).find((one) => one.name === nameOf(service, release.id))
  const list = async (cwd: string): Promise<readonly Listed[]> => {
    const text = await pm2(cwd, ['jlist'])
    // PM2 may greet before it answers: the list is the line that begins with a bracket.
    const line = text.split('\n').find((one) => one.startsWith('[')) ?? '[]'
    return JSON.parse(line) as readonly Listed[]
  }
  const begin = async (release: PlacedRelease, port: number): Promise<void> => {
    const [program, ...args] = release.command
    const own = nameOf(service, release.id)
    const asked = ['--name', own, '--cwd', release.path, '--interpreter', 'none']
    // The environment goes by the environment: on the command line every user of the host could read it.
    await pm2(release.path, ['start', program, ...asked, '--', ...args], environmentOf(release, port))
  }
  const end = async (release: PlacedRelease): Promise<void> => {
    if ((await find(release)) !== undefined) await pm2(release.path, ['delete', nameOf(service, release.id)])
  }
  return {
    name,
    cannot: [
      ...(route === undefined
        ? [
            'PM2 gives no share between 0 and 1: everybody gets the new release at once.',
            'PM2 hands no listening socket over: requests that arrive while the public port changes hands are refused.',
          ]
        : []),
      'PM2 does not start releases again after the host restarts unless "pm2 save" and "pm2 startup" were run.',
    ],
    async start(release) {
      // Said again after a crash it is there already, and a second one would get a second number.
      if (runs(await find(release))) return
      await end(release)
      await begin(release, release.port)
    },
    async health(release) {
      const one = await find(release)
      if (one === undefined || ['errored', 'stopped', 'stopping'].includes(one.pm2_env.status)) return 'failed'
      if (one.pm2_env.status !== 'online') return 'starting'
      return (await isHealthy(release, Number(one.pm2_env.PORT ?? release.port), options)) ? 'ready' : 'starting'
    },
    async weight(release, share) {
      if (route !== undefined) return route(release, share)
      const port = wholeShare(name, share) === 1 ? publicPort : release.port
      if (port === publicPort) {
        // Only one can hold the port: who has it gives it up first.
        for (const other of await list(release.path)) {
          const holds = other.name.startsWith(nameOf(service, '')) && other.pm2_env.PORT === String(publicPort)
          if (holds && other.name !== nameOf(service, release.id)) await pm2(release.path, ['stop', other.name])
        }
      }
      const own = await find(release)
      // One that was stopped keeps the port it had in PM2's list.
      if (runs(own) && own?.pm2_env.PORT === String(port)) return
      await end(release)
      await begin(release, port)
    },
    stop: end,
  }
}
