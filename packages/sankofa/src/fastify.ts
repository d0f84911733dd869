import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { Sankofa } from './index.ts'
import { type Attributes, type LiveRequest, newVisitor, readVisitor } from './observe/index.ts'

export type SankofaFastifyOptions = {
  readonly sankofa: Sankofa
  /**
   * Who the request is for: a user id. `undefined` = a visitor, known by a signed cookie that the plugin sets; `null` = nobody
   * (a probe, a webhook): counted, never randomised. May be async; when it fails the request goes on as a visitor's.
   */
  subject?(request: FastifyRequest): string | null | undefined | Promise<string | null | undefined>
  attributes?(request: FastifyRequest): Attributes
  /** Routes that are an attempt as a whole, such as `{ 'POST /checkout': 'checkout' }`: completed by a reply below 400. */
  readonly attempts?: Readonly<Record<string, string>>
}

const acceptableId = /^[\w.:-]{1,100}$/
const acceptableTraceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

type Tracked = { readonly live: LiveRequest; flushFromUs: number | undefined; error: unknown }
// A property of the reply's own object: a WeakMap of short-lived keys is dear to collect.
const trackedBy = Symbol('sankofa')
type TrackedReply = ServerResponse & { [trackedBy]?: Tracked }
const trackOf = (reply: FastifyReply): Tracked | undefined => (reply.raw as TrackedReply)[trackedBy]

/** Measures every request, and says to the toolkit whose it is. Register it first: routes before it are not measured. */
export const sankofaFastify = fastifyPlugin(plugin, { name: 'sankofa', fastify: '5.x' })

async function plugin(fastify: FastifyInstance, options: SankofaFastifyOptions): Promise<void> {
  const { sankofa, attempts = {} } = options
  const { observer, log } = sankofa

  fastify.setGenReqId((raw) => {
    const given = raw.headers['x-request-id']
    return typeof given === 'string' && acceptableId.test(given) ? given : randomUUID()
  })

  const visitor = (request: FastifyRequest, reply: FastifyReply): string => {
    const known = readVisitor(request.headers.cookie, sankofa.secret)
    if (known !== undefined) return known
    const fresh = newVisitor(sankofa.secret, request.protocol === 'https')
    reply.header('set-cookie', fresh.setCookie)
    return fresh.id
  }

  const identify = (
    live: LiveRequest,
    request: FastifyRequest,
    reply: FastifyReply,
    subject: string | null | undefined,
  ): void => {
    if (subject === null) return
    observer.identify(live, subject ?? visitor(request, reply), options.attributes?.(request))
  }

  fastify.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers
    const live = observer.begin({
      requestId: request.id,
      route: request.is404 ? undefined : routeName(request.method, request.routeOptions.url),
      traceparent: typeof traceparent === 'string' && acceptableTraceparent.test(traceparent) ? traceparent : undefined,
    })
    const track: Tracked = { live, flushFromUs: undefined, error: undefined }
    ;(reply.raw as TrackedReply)[trackedBy] = track
    reply.header('x-request-id', request.id)
    const attempt = attempts[live.route]
    if (attempt !== undefined) live.attempt(attempt)
    // `close` comes for every request, also when the client leaves after its body was read, which onRequestAbort misses.
    reply.raw.on('close', () => {
      const { statusCode, headersSent, writableFinished } = reply.raw
      const status = writableFinished || headersSent ? statusCode : undefined
      if (attempt !== undefined && status !== undefined && status < 400) live.completed(attempt)
      const flushUs = track.flushFromUs === undefined ? 0 : observer.elapsedUs(live) - track.flushFromUs
      observer.end(live, { status, flushUs, error: track.error })
    })
    const proceed = (subject: string | null | undefined): void => {
      try {
        identify(live, request, reply, subject)
      } catch (error) {
        log.error({ err: error, requestId: request.id }, 'the request is not attributed to anyone')
      }
      // The one place where the context is entered: Fastify carries it over the reading of the body by itself.
      observer.run(live, done)
    }
    const refused = (error: unknown): void => {
      log.warn(
        { err: error, requestId: request.id },
        'whose request this is could not be told; it counts as a visitor’s',
      )
      proceed(undefined)
    }
    try {
      const subject = options.subject?.(request)
      if (subject instanceof Promise) subject.then(proceed, refused)
      else proceed(subject)
    } catch (error) {
      refused(error)
    }
  })

  // Fastify answers some requests without any hook: a URL that cannot be decoded, and all of them while it closes.
  const onReply = (message: unknown): void => {
    const { request, response, server } = message as {
      request: IncomingMessage
      response: TrackedReply
      server: unknown
    }
    if (server !== fastify.server || response[trackedBy] !== undefined) return
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && acceptableId.test(given) ? given : randomUUID()
    observer.end(observer.begin({ requestId, route: undefined }), { status: response.statusCode })
  }
  subscribe('http.server.response.finish', onReply)
  fastify.addHook('onClose', (_instance, done) => {
    unsubscribe('http.server.response.finish', onReply)
    done()
  })

  fastify.addHook('onError', (_request, reply, error, done) => {
    const track = trackOf(reply)
    if (track !== undefined) track.error = error
    done()
  })

  fastify.addHook('onSend', (_request, reply, payload, done) => {
    const track = trackOf(reply)
    if (track !== undefined) {
      track.flushFromUs = observer.elapsedUs(track.live)
      reply.header('server-timing', serverTiming(track.flushFromUs, track.live, reply.getHeader('server-timing')))
    }
    done(null, payload)
  })
}

// The same string for every request of a route: it is looked up in several maps.
const routeNames = new Map<string, Map<string, string>>()
function routeName(method: string, url: string | undefined): string | undefined {
  if (url === undefined) return undefined
  const byMethod = routeNames.get(url) ?? new Map<string, string>()
  if (byMethod.size === 0) routeNames.set(url, byMethod)
  let name = byMethod.get(method)
  if (name === undefined) {
    name = `${method} ${url}`
    byMethod.set(method, name)
  }
  return name
}

const ms = (us: number): string => (us / 1_000).toFixed(1)

function serverTiming(totalUs: number, { timings }: LiveRequest, own: unknown): string {
  const { poolUs, dbUs, httpUs } = timings
  let text = `total;dur=${ms(totalUs)}`
  if (poolUs > 0) text += `, pool;dur=${ms(poolUs)}`
  if (dbUs > 0) text += `, db;dur=${ms(dbUs)}`
  if (httpUs > 0) text += `, http;dur=${ms(httpUs)}`
  return typeof own === 'string' && own !== '' ? `${own}, ${text}` : text
}
