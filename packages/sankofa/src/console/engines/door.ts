import type { FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, SankofaError } from '../../core/index.ts'
import { isLoopback } from '../defence.ts'
import { secretHash } from '../people.ts'
import { createTryLimit } from '../try-limit.ts'
import { withinTime } from '../within-time.ts'
import { answerWithinMs } from './look.ts'
import { machineOf } from './machines.ts'

/** How long a token that was good is believed while PostgreSQL does not answer. */
const believedMs = 15 * 60_000
const rememberedMost = 1_000

export type DoorParts = {
  readonly pool: pg.Pool
  readonly clock: Clock
  readonly log: Logger
  /** Whether whoever is on this machine may ask without a token. */
  readonly withoutToken: boolean
}

export type Door = {
  /**
   * Lets a machine in. Asks the database each time, so that a revoked one is out at once.
   *
   * @throws SankofaError `ENGINE_TOKEN_WRONG`, `CONSOLE_TOO_MANY_TRIES`, `DATABASE_UNREACHABLE`
   */
  admit(request: FastifyRequest, token: string | undefined): Promise<void>
}

export function createDoor(parts: DoorParts): Door {
  const { pool, clock, log } = parts
  const limit = createTryLimit(clock)
  /** By hash: the tokens themselves are kept nowhere. */
  const lastGood = new Map<string, number>()

  const remember = (hash: string): void => {
    lastGood.delete(hash)
    lastGood.set(hash, clock.now())
    const oldest = lastGood.keys().next().value
    if (lastGood.size > rememberedMost && oldest !== undefined) lastGood.delete(oldest)
  }

  return {
    async admit(request, token) {
      if (token === undefined) {
        if (parts.withoutToken && isFromHere(request)) return
        throw new SankofaError('ENGINE_TOKEN_WRONG', {})
      }
      const hash = secretHash(token).toString('hex')
      const goodAtMs = lastGood.get(hash)
      // Behind one address there may be many engines: the wrong token of one must not lock out those that were right.
      const waitS = goodAtMs === undefined ? limit.waitS(request.ip) : 0
      if (waitS > 0) throw new SankofaError('CONSOLE_TOO_MANY_TRIES', { waitS })
      let machine: string | undefined
      try {
        machine = await withinTime(machineOf(pool, token), answerWithinMs)
      } catch (error) {
        if (goodAtMs !== undefined && clock.now() - goodAtMs < believedMs) return
        const reason = error instanceof Error ? error.message : String(error)
        throw new SankofaError('DATABASE_UNREACHABLE', { where: 'DATABASE_URL', reason }, { cause: error })
      }
      if (machine !== undefined) return remember(hash)
      lastGood.delete(hash)
      limit.failed(request.ip)
      log.warn({ address: request.ip }, 'a token of a deployment engine was wrong')
      throw new SankofaError('ENGINE_TOKEN_WRONG', {})
    },
  }
}

/** A proxy on this machine brings strangers: what it adds gives it away, and the name that they used. */
function isFromHere(request: FastifyRequest): boolean {
  const { host = '', forwarded } = request.headers
  const viaProxy =
    forwarded !== undefined || Object.keys(request.headers).some((name) => name.startsWith('x-forwarded-'))
  return !viaProxy && isLoopback(host.replace(/:\d+$/, '')) && isLoopbackAddress(request.ip)
}

const isLoopbackAddress = (address: string): boolean => /^(::1$|127\.|::ffff:127\.)/.test(address)
