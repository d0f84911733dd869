import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findSecret, systemClock } from '../../core/index.ts'
import { createPool } from '../../db/index.ts'
import { createFlagClient } from '../../flags/index.ts'
import { createLog, createObserver } from '../../observe/index.ts'
import { createGateway, serveRuntimeSocket, type Target, type Unanswered, type Upstream } from '../../release/index.ts'
import { findDirectory, loadConfig } from '../find-config.ts'
import { untilToldToEnd } from '../until-told-to-end.ts'

export type GatewayCommandOptions = { readonly root: string; readonly socket: string; readonly fd: number }

/** In the host's folder: what the keeper told last. */
export const routesFile = 'routes.json'

/** Where requests are counted that no release answered: no route took them. */
const gatewayRoute = '(gateway)'

/**
 * The gateway's process, which `sankofa host` starts: it decides from its own knowledge of flags and releases, so that back
 * works while everything else of Sankofa is dead.
 */
export async function gatewayCommand(options: GatewayCommandOptions): Promise<void> {
  const ending = new AbortController()
  const ended = untilToldToEnd(ending)
  const from = process.env.INIT_CWD ?? process.cwd()
  const directory = findDirectory(process.env, from)
  const { config } = await loadConfig(process.env, from)
  const { service, release } = config
  const url = process.env.DATABASE_URL ?? ''
  const secret = await findSecret(directory)
  const log = createLog({ service: `${service} gateway`, release: 'gateway' })
  const pool = createPool({ url, max: 1, applicationName: 'sankofa-gateway' })
  const flagClient = createFlagClient({ flags: [], tunables: [], url, directory, secret, log })
  const observer = createObserver({
    pool,
    service: `${service} gateway`,
    release: 'gateway',
    subjectKey: flagClient.subjectKey,
    exposures: (_subject, _attributes, drawnFor) => {
      const exposure = drawnFor === undefined ? undefined : flagClient.releaseExposure(service, drawnFor)
      return exposure === undefined ? [] : [exposure]
    },
    watches: flagClient.watches,
    log,
    clock: systemClock,
    logRequests: false,
    recordStatements: false,
  })
  const upstreams = await keptUpstreams(join(options.root, routesFile))

  const target = (key: string): Target | undefined => {
    const choice = flagClient.release(service, key)
    const first = choice === undefined ? undefined : upstreams.of(choice.release)
    const second = choice?.otherwise === undefined ? undefined : upstreams.of(choice.otherwise)
    if (first !== undefined) return { upstream: first, otherwise: second }
    // Its release is not up on this host: who runs answers, which is better than nobody.
    const other = second ?? upstreams.any()
    if (other === undefined) return undefined
    if (choice?.otherwise !== undefined) notServed(key, choice.release, other.release)
    return { upstream: other }
  }

  const count = ({ key, requestId, reason }: Pick<Unanswered, 'key' | 'requestId' | 'reason'>): void => {
    const live = observer.begin({ requestId, route: gatewayRoute })
    observer.identify(live, key, {}, key)
    observer.end(live, {
      status: reason === 'silent' ? undefined : 502,
      error: new NotAnswered(`a release did not answer: ${reason}`),
    })
  }
  const notServed = (key: string, release: string, by: string): void => {
    log.debug({ release, by }, 'a release is not up here; another one answers')
    count({ key, requestId: 'none', reason: 'refused' })
  }

  const gateway = createGateway({
    listen: { fd: options.fd },
    target,
    secret,
    ...(release?.keyFrom === undefined ? {} : { keyFrom: release.keyFrom }),
    ...(release?.trusted === undefined ? {} : { trusted: release.trusted }),
    onUnanswered(failure) {
      log.warn({ ...failure, key: undefined }, 'a release did not answer')
      count(failure)
    },
    log,
  })
  await flagClient.start()
  observer.start()
  await gateway.start()
  const runtime = await serveRuntimeSocket({
    path: options.socket,
    status: () => gateway.status(),
    setUpstreams: upstreams.set,
    drain: () => ending.abort(),
    log,
  })
  const drained = new Promise<void>((resolve) =>
    ending.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  await Promise.race([ended, drained])
  await gateway.stop()
  await runtime.close()
  await Promise.all([observer.stop(), flagClient.stop()])
  await pool.end()
}

/** A kind of error of its own: the release's code has not failed, it was not there. */
class NotAnswered extends Error {
  override readonly name = 'NotAnswered'
}

type KeptUpstreams = {
  of(release: string): Upstream | undefined
  any(): Upstream | undefined
  set(list: readonly Upstream[]): Promise<void>
}

/** What the keeper told last; a gateway that is restarted begins with it. */
async function keptUpstreams(file: string): Promise<KeptUpstreams> {
  let known: readonly Upstream[] = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as readonly Upstream[],
    // None yet, or torn by a crash: the keeper tells again.
    () => [],
  )
  return {
    of: (release) => known.find((upstream) => upstream.release === release),
    any: () => known[0],
    async set(list) {
      known = list
      const beside = `${file}.${process.pid}.new`
      await writeFile(beside, JSON.stringify(list))
      await rename(beside, file)
    },
  }
}
