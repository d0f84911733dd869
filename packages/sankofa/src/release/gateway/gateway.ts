import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { drain } from '../drain.ts'
import { badRequest } from './bad-request.ts'
import { connectionOf, trackConnection } from './client-connection.ts'
import { Exchange, type Exchanges } from './exchange.ts'
import { defaultGatewayLimits, type GatewayLimits } from './limits.ts'
import { lingerOver, refuse } from './refuse.ts'
import { readHead } from './request-head.ts'
import { createSubjects, type KeySource } from './subject.ts'
import { trustedProxies } from './trusted.ts'
import { watchForEnd } from './tunnel.ts'
import type { ReleaseTraffic, Target, Unanswered } from './upstream.ts'
import { createUpstreams } from './upstreams.ts'

export type GatewayOptions = {
  /** `fd`: a listening socket that the parent opened and keeps, so that connections wait while the gateway is replaced. */
  readonly listen: { readonly fd: number } | { readonly host: string; readonly port: number }
  /** PEM. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Asked for every request; `undefined`: nobody can answer, the client gets 503 with Retry-After. */
  target(key: string): Target | undefined
  /** Signs the visitor cookie and the forwarded subject. */
  readonly secret: string
  /** Whom a request is for, the first that it has; else the visitor cookie. */
  readonly keyFrom?: readonly KeySource[]
  /** Addresses or ranges of proxies in front whose X-Forwarded-* are believed. */
  readonly trusted?: readonly string[]
  readonly limits?: Partial<GatewayLimits>
  /** Adds `x-sankofa-release` to answers; false unless told. */
  readonly showRelease?: boolean
  onUnanswered?(failure: Unanswered): void
  readonly log: Logger
}

export type GatewayStatus = {
  readonly pid: number
  readonly isDraining: boolean
  /** Of clients, upgraded ones included. */
  readonly connections: number
  readonly upgraded: number
  readonly inFlight: number
  readonly releases: readonly ReleaseTraffic[]
}

export type Gateway = {
  start(): Promise<{ readonly port: number }>
  /**
   * No new connections, `Connection: close` on what is answered, idle sockets closed after a grace, upgraded ones at the end.
   * Resolves when no connection is left.
   */
  stop(options?: { readonly graceMs?: number; readonly withinMs?: number }): Promise<void>
  status(): GatewayStatus
}

const sweepEveryMs = 500

/** A reverse proxy that decides for each request which release answers it. */
export function createGateway(options: GatewayOptions): Gateway {
  const { log, secret, tls, keyFrom = [], showRelease = false } = options
  const limits = { ...defaultGatewayLimits, ...options.limits }
  const isProxy = trustedProxies(options.trusted ?? [])
  const subjects = createSubjects(secret, keyFrom)
  const upstreams = createUpstreams(limits)
  const waiting = new Set<Exchange>()
  let connections = 0
  let isDraining = false
  let stopping: Promise<void> | undefined
  let sweep: NodeJS.Timeout | undefined

  const shared: Exchanges = {
    upstreams,
    limits,
    log,
    showRelease,
    waiting,
    isDraining: () => isDraining,
    // Both are asked in the middle of an exchange, where a throw would take the process along.
    target: (key) => {
      try {
        return options.target(key)
      } catch (error) {
        log.error({ err: error }, 'which release is meant could not be told, so the request is not answered')
        return undefined
      }
    },
    onUnanswered: (failure) => {
      try {
        options.onUnanswered?.(failure)
      } catch (error) {
        log.error({ err: error }, 'an unanswered request could not be told')
      }
    },
  }

  const accept = (socket: Socket): void => {
    connections += 1
    socket.once('close', () => {
      connections -= 1
    })
    if (connections > 1.1 * limits.connections) socket.destroy()
    else
      trackConnection(socket, {
        isTrusted: isProxy(socket.remoteAddress),
        isHttps: tls !== undefined,
        isTooMany: connections > limits.connections,
      })
  }

  const handle = (
    request: IncomingMessage,
    response: ServerResponse,
    asked: { readonly upgrade?: string; readonly expectsContinue?: boolean } = {},
  ): void => {
    const connection = connectionOf(request.socket)
    if (connection === undefined) {
      request.socket.destroy()
      return
    }
    connection.requests += 1
    if (isDraining || connection.isTooMany || connection.requests >= limits.requestsPerConnection)
      response.shouldKeepAlive = false
    if (connection.isTooMany) {
      refuse(response, 503, 'There are too many connections.')
      return
    }
    try {
      const head = readHead(request, connection, subjects, limits)
      if (head.kind === 'refused') {
        refuse(response, head.status, head.why)
        if (head.status === 413) lingerOver(request)
        return
      }
      const { upgrade, expectsContinue } = asked
      // Said when a release takes the body. Where it never is, Node ends the connection: the body may come or may not.
      const onContinue = expectsContinue === true ? () => response.writeContinue() : undefined
      new Exchange(shared, request, response, head, { upgrade, onContinue }).begin()
    } catch (error) {
      log.error({ err: error }, 'the gateway failed at a request')
      refuse(response, 500, 'The gateway failed.')
    }
  }

  const server: Server = makeServer(tls, limits)
  server.maxHeadersCount = 0 // what is above it would be left out in silence; readHead refuses instead
  server.maxConnections = Math.ceil(1.25 * limits.connections) // those in a TLS handshake are not counted by `accept`
  server.on(tls === undefined ? 'connection' : 'secureConnection', accept)
  server.on('request', handle)
  server.on('checkContinue', (request, response) => handle(request, response, { expectsContinue: true }))
  server.on('clientError', badRequest)
  server.on('connect', (_request, socket) => socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\n\r\n'))
  server.on('upgrade', (request, socket, rest) => {
    const response = takeOver(request, socket, rest)
    if (response === undefined) return
    const { upgrade = '' } = request.headers
    // Not passed on: what follows would be HTTP/2 that nobody here has looked at. The request is answered as an ordinary one.
    handle(request, response, /(?:^|[\s,])h2c?(?:$|[\s,])/i.test(upgrade) ? {} : { upgrade })
  })

  return {
    start: async () => {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen('fd' in options.listen ? { fd: options.listen.fd } : { ...options.listen, backlog: 511 }, () => {
          server.off('error', reject)
          resolve()
        })
      })
      server.on('error', (error) => log.error({ err: error }, 'the gateway cannot take connections'))
      sweep = setInterval(() => {
        const nowMs = performance.now()
        for (const exchange of waiting) exchange.look(nowMs)
        upstreams.tidy(nowMs)
      }, sweepEveryMs)
      sweep.unref()
      return { port: (server.address() as AddressInfo).port }
    },
    stop: (within = {}) => {
      stopping ??= (async () => {
        isDraining = true
        await drain(server, within)
        clearInterval(sweep)
        await upstreams.close()
      })()
      return stopping
    },
    status: () => {
      const releases = upstreams.traffic()
      const sum = (count: (traffic: ReleaseTraffic) => number): number =>
        releases.reduce((total, traffic) => total + count(traffic), 0)
      return {
        pid: process.pid,
        isDraining,
        connections,
        upgraded: sum((traffic) => traffic.upgraded),
        inFlight: sum((traffic) => traffic.inFlight),
        releases,
      }
    },
  }
}

function makeServer(tls: GatewayOptions['tls'], limits: GatewayLimits): Server {
  const settings = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(2_000, limits.headersTimeoutMs),
    requireHostHeader: false, // readHead asks for it, and says so in its answer
    insecureHTTPParser: false,
    optimizeEmptyRequests: true,
  }
  return tls === undefined
    ? createServer(settings)
    : createTlsServer({ ...settings, ...tls, handshakeTimeout: limits.headersTimeoutMs })
}

/** A socket that Node's server has let go of, with an answer for it, in case the upstream does not switch. */
function takeOver(request: IncomingMessage, socket: Duplex, rest: Buffer): ServerResponse | undefined {
  const client = socket as Socket
  client.on('error', () => client.destroy())
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (coding !== undefined || (length !== undefined && length !== '0')) {
    client.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
    return undefined
  }
  if (rest.length > 0) client.unshift(rest)
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(client)
  watchForEnd(client)
  response.once('finish', () => client.destroySoon())
  return response
}
