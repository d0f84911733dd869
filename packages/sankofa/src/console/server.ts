import fastifyCookie from '@fastify/cookie'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, isSankofaError, SankofaError, systemClock } from '../core/index.ts'
import { type Listener, listen } from '../db/index.ts'
import type { Journal } from '../journal/index.ts'
import { addApi } from './api.ts'
import { findApp, sendPage, serveAssets } from './app-files.ts'
import type { ConsoleAttempt } from './attempts.ts'
import { longestSpanS } from './chart-series.ts'
import type { Refusal } from './contract.ts'
import { allowedHosts, isLoopback, refuseForeign, securityHeaders } from './defence.ts'
import { createDoor } from './engines/door.ts'
import { createLook } from './engines/look.ts'
import { addEngines } from './engines/routes.ts'
import { keepKnown } from './keep-known.ts'
import { createKnownStatus } from './known-status.ts'
import { awayReleases } from './releases/away-releases.ts'
import { createReleasesReader } from './releases/read-releases.ts'
import { createSessions } from './sessions.ts'
import { addSignIn, cookieName } from './sign-in.ts'
import { createStatusReader } from './status.ts'
import { createStream } from './stream.ts'

/** Between two looks at the status while a screen is open and the journal is silent. */
const lookEveryMs = 5_000

export type ConsoleOptions = {
  readonly pool: pg.Pool
  readonly journal: Journal
  /** Listens here; anything but loopback shows the console to whoever reaches it, so put TLS in front. */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
  readonly log: Logger
  /** Names the service on the screen. */
  readonly service?: string
  readonly attempts?: readonly ConsoleAttempt[]
  /** More names under which this console is reached, such as `console.example.com` behind a proxy. */
  readonly hosts?: readonly string[]
  /** For notifications; the pool's own unless told. */
  readonly databaseUrl?: string
  /**
   * Deployment engines on this machine may ask for verdicts without a token. Only with a loopback `host`; a proxy in front
   * must add `X-Forwarded-*`, or it lets strangers in.
   */
  readonly verdictWithoutToken?: boolean
  readonly clock?: Clock
  /** @internal Where the built page is. */
  readonly appDirectory?: string
}

export type ConsoleServer = { start(): Promise<{ readonly url: string }>; stop(): Promise<void> }

/**
 * The screen and its API. Asks only: what a person wants is appended to the journal, and the watcher does it.
 *
 * @throws SankofaError `SETTINGS_WRONG`
 */
export function createConsoleServer(options: ConsoleOptions): ConsoleServer {
  const { pool, journal, log, host = '127.0.0.1', clock = systemClock, attempts = [] } = options
  const withoutToken = options.verdictWithoutToken === true
  if (withoutToken && !isLoopback(host)) {
    const problem = `verdictWithoutToken: found true with the host ${host}; expected false, or a host such as 127.0.0.1`
    throw new SankofaError('SETTINGS_WRONG', { problems: [problem] })
  }
  const appDirectory = options.appDirectory ?? findApp()
  const reader = createStatusReader(pool, journal, { attempts, clock, keepS: longestSpanS })
  const known = createKnownStatus(reader, clock, log)
  const releases = keepKnown({
    ...createReleasesReader(pool, reader.view, clock),
    away: awayReleases,
    what: 'the releases',
    clock,
    log,
  })
  const sessions = createSessions(pool, clock)
  const stream = createStream(() => known.read())
  let port = options.port
  let listener: Listener | undefined
  let app: FastifyInstance | undefined

  const signedIn = async (request: FastifyRequest): Promise<string> => {
    const person = await sessions.personOf(request.cookies[cookieName(port)])
    if (person === undefined) throw new SankofaError('CONSOLE_SIGN_IN', {})
    return person
  }

  const build = async (): Promise<FastifyInstance> => {
    // A change is asked for in JSON, which no foreign form can send.
    const web = fastify({
      bodyLimit: 16_384,
      // Fastify takes Node's limit away: without one, a body that comes a byte at a time is waited for for ever.
      requestTimeout: 30_000,
      forceCloseConnections: true,
      ajv: { customOptions: { coerceTypes: false } },
    })
    web.removeContentTypeParser('text/plain')
    await web.register(fastifyCookie)
    web.addHook('onRequest', async (request, reply) => {
      reply.headers(securityHeaders)
      const byMachines = request.url.startsWith('/v1/')
      if (byMachines || request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
      refuseForeign(request, allowedHosts(host, port, options.hosts), { byMachines })
    })
    web.setErrorHandler((error, _request, reply) => sendRefusal(error, reply, log))
    web.setNotFoundHandler((_request, reply) =>
      reply
        .code(404)
        .send({ error: 'NOT_FOUND', message: 'There is nothing here. The console is at /.' } satisfies Refusal),
    )
    await serveAssets(web, appDirectory)
    addSignIn(web, {
      sessions,
      clock,
      log,
      port: () => port,
      service: options.service ?? '',
      signedIn,
      sendPage: (reply) => sendPage(reply, appDirectory),
    })
    addApi(web, {
      ...reader,
      pool,
      journal,
      known,
      releases,
      stream,
      attempts,
      service: options.service ?? '',
      clock,
      log,
      signedIn,
    })
    await addEngines(web, {
      look: createLook({ pool, view: reader.view, clock, log }),
      door: createDoor({ pool, clock, log, withoutToken }),
      clock,
      log,
    })
    return web
  }

  return {
    async start() {
      app = await build()
      await app.listen({ host, port: options.port })
      const address = app.server.address()
      port = typeof address === 'object' && address !== null ? address.port : options.port
      const url = options.databaseUrl ?? pool.options.connectionString
      if (url !== undefined) {
        listener = listen({ url, channels: ['sankofa_journal'], pollMs: lookEveryMs, onChange: stream.tell })
      }
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` }
    },
    async stop() {
      stream.stop()
      await listener?.stop()
      await app?.close()
    },
  }
}

function sendRefusal(error: unknown, reply: FastifyReply, log: Logger): FastifyReply {
  if (isSankofaError(error)) {
    if ('waitS' in error.details) reply.header('retry-after', String(error.details.waitS))
    return reply.code(error.status).send({ error: error.code, message: error.message } satisfies Refusal)
  }
  const {
    statusCode = 500,
    code = 'INTERNAL',
    message,
  } = error as { statusCode?: number; code?: string; message: string }
  if (statusCode < 500) return reply.code(statusCode).send({ error: code, message } satisfies Refusal)
  log.warn({ err: error }, 'a request to the console failed')
  const away = new SankofaError('DATABASE_UNREACHABLE', { where: 'DATABASE_URL', reason: message })
  if (isAway(error)) return reply.code(away.status).send({ error: away.code, message: away.message } satisfies Refusal)
  return reply
    .code(500)
    .send({ error: 'INTERNAL', message: `The console failed: ${message}. Its log says where.` } satisfies Refusal)
}

/** Errors of a connection, not of a statement: the network's, and the server's classes 08 and 57. */
const isAway = (error: unknown): boolean => {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|08|57P)/.test(code) ||
    /[Cc]onnection (terminated|timeout)|timeout exceeded/.test(message)
  )
}
