import type pg from 'pg'
import type { Logger } from 'pino'
import type { ReleaseId } from '../../core/index.ts'
import { listen } from '../../db/index.ts'
import type { FlagClient } from '../../flags/index.ts'
import { type Instance, readWanted } from '../../release/index.ts'

const pollMs = 1_000

/**
 * Tells what must run on this host, whenever that may have changed. With PostgreSQL away it is what was wanted last, or what
 * the last known state says.
 */
export function followWanted(options: {
  readonly pool: pg.Pool
  readonly url: string
  readonly service: string
  /** This one's name, for what is wanted on some hosts only. */
  readonly host: string
  readonly flagClient: Pick<FlagClient, 'releases'>
  readonly log: Logger
  onWanted(instances: readonly Instance[]): void
}): { start(): Promise<void>; stop(): Promise<void> } {
  const { pool, service, host, flagClient, log } = options
  let last: readonly Instance[] | undefined
  let isAway = false

  const look = async (): Promise<void> => {
    try {
      last = await readWanted(pool, service, host)
      if (isAway) log.info('PostgreSQL answers again: this host runs what is wanted')
      isAway = false
    } catch (error) {
      if (!isAway) log.warn({ err: error }, 'PostgreSQL does not answer: this host goes on with what is known')
      isAway = true
    }
    options.onWanted(last ?? ofKnown(flagClient, service))
  }
  let looking: Promise<void> = Promise.resolve()
  const lookNext = (): Promise<void> => {
    looking = looking.then(look)
    return looking
  }
  const listener = listen({
    url: options.url,
    channels: ['sankofa_release', 'sankofa_flag'],
    pollMs,
    onChange: () => void lookNext(),
  })
  return {
    start: lookNext,
    async stop() {
      await listener.stop()
      await looking
    },
  }
}

function ofKnown(flagClient: Pick<FlagClient, 'releases'>, service: string): readonly Instance[] {
  const split = flagClient.releases().find((one) => one.service === service)
  return [split?.current, split?.next]
    .filter((release) => release !== undefined)
    .map((release) => ({ release: release as ReleaseId, purpose: 'serve' }))
}
