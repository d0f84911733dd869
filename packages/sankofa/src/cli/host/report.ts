import type pg from 'pg'
import {
  type GatewayClient,
  type GatewayProcess,
  type InstanceReport,
  type Keeper,
  reportHost,
} from '../../release/index.ts'
import { secretMarkOf } from './secret-mark.ts'

/** Says to PostgreSQL what runs on this host; one report at a time. */
export function createReport(parts: {
  readonly pool: pg.Pool
  readonly service: string
  readonly host: string
  /** Told by a mark, so that hosts whose secrets differ are found. */
  readonly secret: string
  readonly keeper: Pick<Keeper, 'reports'>
  readonly gateway: Pick<GatewayClient, 'status'>
  readonly gatewayProcess: Pick<GatewayProcess, 'report'>
  /** Whether the gateway knows of it: one that it does not know of gets no request, and is not ready for any. */
  isReached(release: string, origin: string): boolean
}): () => Promise<void> {
  const { pool, service, host, keeper, gateway, gatewayProcess } = parts
  const secretMark = secretMarkOf(parts.secret)
  const isWaiting = ({ state, purpose, release, origin }: InstanceReport): boolean =>
    state === 'ready' && purpose === 'serve' && origin !== undefined && !parts.isReached(release, origin)
  const report = async (): Promise<void> => {
    const traffic = await gateway.status().catch(() => undefined)
    const inFlightOf = (release: string): number | undefined => {
      const found = traffic?.releases.find((one) => one.release === release)
      return traffic === undefined ? undefined : (found?.inFlight ?? 0) + (found?.upgraded ?? 0)
    }
    await reportHost(pool, {
      service,
      host,
      gateway: { ...gatewayProcess.report(), secretMark, ...(traffic === undefined ? {} : { traffic }) },
      processes: keeper.reports().map((one) => ({
        ...one,
        state: isWaiting(one) ? 'starting' : one.state,
        pid: one.pid,
        origin: one.origin,
        error: one.error,
        startedInMs: one.startedInMs,
        inFlight: one.purpose === 'serve' ? inFlightOf(one.release) : undefined,
      })),
    })
  }
  let running: Promise<void> | undefined
  let isAgain = false
  return () => {
    isAgain = running !== undefined
    running ??= (async () => {
      try {
        do {
          isAgain = false
          await report()
        } while (isAgain)
      } finally {
        running = undefined
      }
    })()
    return running
  }
}
