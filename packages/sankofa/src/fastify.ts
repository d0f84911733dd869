import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { Sankofa } from './index.ts'
import {
  type Attributes,
  type LiveRequest,
  newVisitor,
  probeHeader,
  readSubject,
  readVisitor,
  redactText,
  subjectHeader,
} from './observe/index.ts'

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

/** What belongs to a reply; here so that a request costs no closure and no map of short-lived keys, which are dear to collect. */
type Tracked = { readonly live: LiveRequest; flushFromUs: number; error: unknown }
const trackedBy = Symbol('sankofa')
type TrackedReply = ServerResponse & { [trackedBy]?: Tracked }
const trackOf = (reply: FastifyReply): Tracked | undefined => (reply.raw as TrackedReply)[trackedBy]

/** Measures every request, and says to the toolkit whose it is. Register it first: routes before it are not measured. */
export const sankofaFastify = fastifyPlugin(plugin, { name: 'sankofa', fastify: '5.x' })

async function plugin(fastify: FastifyInstance, options: SankofaFastifyOptions): Promise<void> {
  const { sankofa, attempts = {} } = options
  const { observer, log } = sankofa
  fastify.setGenReqId(requestIdOf)

  const visitor = (request: FastifyRequest, reply: FastifyReply): string => {
    const known = readVisitor(request.headers.cookie, sankofa.secret)
    if (known !== undefined) return known
    const fresh = newVisitor(sankofa.secret, request.protocol === 'https')
    reply.header('set-cookie', fresh.setCookie)
    return fresh.id
  }

  let toldOfStranger = false
  /** Whom a gateway drew a release for. One that signs with another secret is told once: its releases could not be judged. */
  const drawnFor = (request: FastifyRequest): string | undefined => {
    const said = request.headers[subjectHeader]
    const known = readSubject(said, sankofa.secret)
    if (known === undefined && said !== undefined && !toldOfStranger) {
      toldOfStranger = true
      log.error(
        'the gateway signs with another secret than this service has, so no release can be judged; give both the same, such as `await findSecret(directory)`',
      )
    }
    return known
  }

  const identify = (request: FastifyRequest, reply: FastifyReply, subject: string | null | undefined): void => {
    const live = trackOf(reply)?.live
    if (subject === null || live === undefined || request.headers[probeHeader] !== undefined) return
    try {
      observer.identify(live, subject ?? visitor(request, reply), options.attributes?.(request), drawnFor(request))
    } catch (error) {
      log.error({ err: error, requestId: request.id }, 'the request is not attributed to anyone')
    }
  }

  const refused = (request: FastifyRequest, reply: FastifyReply, error: unknown): void => {
    log.warn({ err: error, requestId: request.id }, 'whose request this is could not be told; it counts as a visitor’s')
    identify(request, reply, undefined)
  }

  // `close` comes for every request, also when the client leaves after its body was read, which onRequestAbort misses.
  function closed(this: TrackedReply): void {
    const track = this[trackedBy]
    if (track === undefined) return
    const { live, flushFromUs, error } = track
    const status = this.writableFinished || this.headersSent ? this.statusCode : undefined
    const attempt = attempts[live.route]
    if (attempt !== undefined && status !== undefined && status < 400) live.completed(attempt)
    observer.end(live, { status, flushUs: flushFromUs === 0 ? 0 : observer.elapsedUs(live) - flushFromUs, error })
  }

  fastify.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers
    const live = observer.begin({
      requestId: request.id,
      route: request.is404 ? undefined : routeName(request.method, request.routeOptions.url),
      traceparent: typeof traceparent === 'string' && acceptableTraceparent.test(traceparent) ? traceparent : undefined,
    })
    ;(reply.raw as TrackedReply)[trackedBy] = { live, flushFromUs: 0, error: undefined }
    reply.raw.on('close', closed)
    reply.header('x-request-id', request.id)
    const attempt = attempts[live.route]
    if (attempt !== undefined) live.attempt(attempt)
    try {
      const subject = options.subject?.(request)
      if (subject instanceof Promise) {
        subject
          .then(
            (known) => identify(request, reply, known),
            (error: unknown) => refused(request, reply, error),
          )
          .finally(() => observer.run(live, done))
        return
      }
      identify(request, reply, subject)
    } catch (error) {
      refused(request, reply, error)
    }
    // The one place where the context is entered: Fastify carries it over the reading of the body by itself.
    observer.run(live, done)
  })

  // Fastify answers some requests without any hook: a URL that cannot be decoded, and all of them while it closes.
  const onReply = (message: unknown): void => {
    const { request, response, server } = message as Replied
    if (server !== fastify.server || response[trackedBy] !== undefined) return
    const live = observer.begin({ requestId: requestIdOf(request), route: undefined })
    observer.end(live, { status: response.statusCode })
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

type Replied = { readonly request: IncomingMessage; readonly response: TrackedReply; readonly server: unknown }

// Random once, then counted: as unique as a random id each, and cheaper.
const idPrefix = randomBytes(9).toString('base64url')
let idsGiven = 0

/** The caller's id when it looks like one and like no secret, because it is kept in events; else a new one. */
function requestIdOf(request: { readonly headers: IncomingMessage['headers'] }): string {
  const given = request.headers['x-request-id']
  if (typeof given === 'string' && acceptableId.test(given) && redactText(given) === given) return given
  idsGiven += 1
  return `${idPrefix}-${idsGiven.toString(36)}`
}

// The same string for every request of a route: it is looked up in several maps.
const routeNames = new Map<string, Map<string, string>>()

function routeName(method: string, url: string | undefined): string | undefined {
  if (url === undefined) return undefined
  let byMethod = routeNames.get(url)
  if (byMethod === undefined) {
    byMethod = new Map()
    routeNames.set(url, byMethod)
  }
  let name = byMethod.get(method)
  if (name === undefined) {
    name = `${method} ${url}`
    byMethod.set(method, name)
  }
  return name
}

/** Milliseconds with one digit. */
const ms = (us: number): number => Math.round(us / 100) / 10

function serverTiming(totalUs: number, { timings }: LiveRequest, own: unknown): string {
  const { poolUs, dbUs, httpUs } = timings
  let text = `total;dur=${ms(totalUs)}`
  if (poolUs > 0) text += `, pool;dur=${ms(poolUs)}`
  if (dbUs > 0) text += `, db;dur=${ms(dbUs)}`
  if (httpUs > 0) text += `, http;dur=${ms(httpUs)}`
  return typeof own === 'string' && own !== '' ? `${own}, ${text}` : text
}
