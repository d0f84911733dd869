import { SankofaError } from '../../core/index.ts'
import { type Command, runCommand } from '../run-command.ts'

/** A release as an engine gets it: where it lies, and how it is told from others. */
export type PlacedRelease = {
  readonly id: string
  /** The real path of its folder. */
  readonly path: string
  /** On loopback, its own: it never stands in the way of another release. */
  readonly port: number
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]]
  readonly environment: Readonly<Record<string, string>>
  /** Path that answers 2xx when it may get requests. */
  readonly health: string
}

/** How a release is placed by an engine that is there already. Each verb may be said again after a crash. */
export interface Placer {
  readonly name: string
  /** What it cannot do here, a sentence each, to be shown before anything is done. */
  readonly cannot: readonly string[]
  start(release: PlacedRelease): Promise<void>
  health(release: PlacedRelease): Promise<'ready' | 'starting' | 'failed'>
  /** @param share - of the requests, 0 to 1 @throws SankofaError `PLACER_CANNOT` for a share that it cannot give */
  weight(release: PlacedRelease, share: number): Promise<void>
  stop(release: PlacedRelease): Promise<void>
}

export type PlacerOptions = {
  readonly service: string
  /** Where customers reach the service, where no gateway is in front: given with a share of 1, taken with 0. */
  readonly publicPort: number
  /**
   * Gives shares instead of the engine, such as a gateway or a balancer in front: then every share is possible, and the
   * engine only runs releases on their own ports.
   */
  readonly route?: (release: PlacedRelease, share: number) => Promise<void>
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
  /** Answers whether the release's health path is 2xx; asks over loopback unless told. */
  readonly ask?: (url: string, signal?: AbortSignal) => Promise<boolean>
}

/** @throws SankofaError `PLACER_FAILED` unless the program ends with 0 */
export async function call(
  placer: string,
  command: Command,
  cwd: string,
  { env = {}, signal }: Pick<PlacerOptions, 'env' | 'signal'>,
): Promise<string> {
  const { code, endedBy, stdout, stderr, lastLines } = await runCommand(command, { cwd, env, signal })
  if (code === 0) return stdout
  const said = (stderr.trim() || lastLines.join('\n').trim()).split('\n').slice(-3).join(' ')
  throw new SankofaError('PLACER_FAILED', { placer, command: command.join(' '), code: String(code ?? endedBy), said })
}

/** What the programs of a release find in their environment. */
export const environmentOf = (release: PlacedRelease, port: number): Readonly<Record<string, string>> => ({
  ...release.environment,
  PORT: String(port),
  SANKOFA_RELEASE: release.id,
})

/** Engines that switch whole releases give 0 or 1, and nothing between. */
export function wholeShare(placer: string, share: number): 0 | 1 {
  if (share === 0 || share === 1) return share
  throw new SankofaError('PLACER_CANNOT', {
    placer,
    wanted: `give a release ${Number((share * 100).toPrecision(2))} % of the requests`,
    next: 'Give 0 or 1, or let a gateway give the shares ("route").',
  })
}

const askWithinMs = 2_000

export async function isHealthy(
  release: PlacedRelease,
  port: number,
  { ask = answers, signal }: PlacerOptions,
): Promise<boolean> {
  return ask(`http://127.0.0.1:${port}${release.health}`, signal)
}

async function answers(url: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const within = AbortSignal.timeout(askWithinMs)
    const response = await fetch(url, { signal: signal === undefined ? within : AbortSignal.any([signal, within]) })
    await response.body?.cancel()
    return response.ok
  } catch {
    signal?.throwIfAborted()
    return false
  }
}

/** Names of processes and projects: what every engine takes. */
export const nameOf = (service: string, id: string): string =>
  `${service}-${id}`.toLowerCase().replace(/[^a-z0-9-]/g, '-')
