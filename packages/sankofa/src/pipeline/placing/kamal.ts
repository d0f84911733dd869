import { SankofaError } from '../../core/index.ts'
import { call, type PlacedRelease, type Placer, type PlacerOptions, wholeShare } from './placer.ts'

export type KamalOptions = Pick<PlacerOptions, 'env' | 'signal'> & {
  /** Where config/deploy.yml is. */
  readonly directory: string
  /** The version that gets the requests when this release is given none; asked of Kamal when a release is started. */
  readonly before?: string
}

/** Leaves servers, images and kamal-proxy to Kamal 2. A release's id is the version of its image, pushed already. */
export function kamalPlacer(options: KamalOptions): Placer {
  const { directory } = options
  const name = 'Kamal'
  const kamal = (...args: readonly string[]): Promise<string> => call(name, ['kamal', ...args], directory, options)
  let before = options.before
  /** It prints the host first, then the version; several hosts, several times. */
  const running = async (): Promise<readonly string[]> =>
    (await kamal('app', 'version', '--quiet'))
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /^[\w.-]+$/.test(line))
  return {
    name,
    cannot: [
      'Kamal gives no share between 0 and 1: kamal-proxy moves everybody when the new container is healthy.',
      'Kamal starts a container only by giving it the requests: "start" brings its image to the servers, "weight 1" boots it.',
      'Kamal keeps no old container running beside the new one: back takes as long as a boot.',
    ],
    async start(release) {
      if (before === undefined) before = (await running()).find((version) => version !== release.id)
      await kamal('build', 'pull', `--version=${release.id}`)
    },
    async health(release) {
      // Booted, it passed kamal-proxy's own check; before that only its image can be looked for.
      if ((await running()).includes(release.id)) return 'ready'
      return (await kamal('app', 'images', '--quiet')).includes(release.id) ? 'ready' : 'failed'
    },
    async weight(release, share) {
      const version = wholeShare(name, share) === 1 ? release.id : before
      const now = await running()
      // Nothing to take away from a release that has nothing.
      if (share === 0 && !now.includes(release.id)) return
      if (version === undefined) {
        throw new SankofaError('PLACER_CANNOT', {
          placer: name,
          wanted: `take the requests from ${release.id}, because no version ran before it`,
          next: 'Name one with "before", or run "kamal app stop".',
        })
      }
      if (now.length > 0 && now.every((one) => one === version)) return
      if (share === 1) before = now.find((one) => one !== version) ?? before
      await kamal('app', 'boot', `--version=${version}`)
    },
    async stop(release: PlacedRelease) {
      // "kamal app stop" stops what runs, whatever version it is told; what does not run was stopped by the next boot.
      const now = await running()
      if (now.length > 0 && now.every((one) => one === release.id)) await kamal('app', 'stop')
    },
  }
}
