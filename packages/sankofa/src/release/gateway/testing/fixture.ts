import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { onTestFinished } from '#harness'
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts'
import type { Target, Unanswered, Upstream } from '../upstream.ts'
import { RawClient } from './raw-client.ts'

export const secret = 'a secret of the tests, and of no other use'

export type Seen = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export type Service = {
  readonly upstream: Upstream
  readonly server: Server
  readonly seen: Seen[]
  /** Sockets that it ever accepted. */
  readonly sockets: readonly Socket[]
  readonly stop: () => Promise<void>
}

/** A release that answers as it is told; without a listener it says what it got. */
export async function startService(release: string, listener?: RequestListener): Promise<Service> {
  const seen: Seen[] = []
  const server = createServer(
    listener ??
      ((request, response) => {
        let body = ''
        request.setEncoding('latin1').on('data', (text: string) => {
          body += text
        })
        request.on('end', () => {
          const { method = '', url: path = '', headers, rawHeaders } = request
          seen.push({ method, path, headers, rawHeaders, body })
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({ release, method, path, body }))
        })
      }),
  )
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  onTestFinished(stop)
  return { upstream: { release, origin: originOf(server) }, server, seen, sockets, stop }
}

/** A release that speaks bytes, right or wrong. */
export async function startBytes(
  release: string,
  talk: (socket: Socket) => void,
): Promise<Omit<Service, 'seen' | 'server'>> {
  const sockets: Socket[] = []
  const server = createNetServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    talk(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  onTestFinished(stop)
  return { upstream: { release, origin: originOf(server) }, sockets, stop }
}

export const originOf = (server: { address(): unknown }): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** An address that refuses. */
export async function deadUpstream(release: string): Promise<Upstream> {
  const { upstream, stop } = await startBytes(release, () => {})
  await stop()
  return upstream
}

export type StartedGateway = {
  readonly gateway: Gateway
  readonly port: number
  readonly unanswered: Unanswered[]
  client(options?: { readonly tls?: boolean; readonly reading?: boolean }): RawClient
}

export async function startGateway(
  target: Upstream | ((key: string) => Target | undefined),
  options: Partial<GatewayOptions> = {},
): Promise<StartedGateway> {
  const unanswered: Unanswered[] = []
  const gateway = createGateway({
    listen: { host: '127.0.0.1', port: 0 },
    secret,
    target: typeof target === 'function' ? target : () => ({ upstream: target }),
    onUnanswered: (failure) => unanswered.push(failure),
    log: pino({ level: 'silent' }),
    ...options,
  })
  const { port } = await gateway.start()
  const clients: RawClient[] = []
  onTestFinished(async () => {
    for (const client of clients) client.close()
    await gateway.stop({ graceMs: 0, withinMs: 0 })
  })
  return {
    gateway,
    port,
    unanswered,
    client: (kind) => {
      const client = new RawClient(port, kind)
      clients.push(client)
      return client
    },
  }
}

/** Waits for a fact. */
export async function until(isSo: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`It did not become so within ${withinMs} ms: ${isSo}`)
    await wait(5)
  }
}

/** In flight at every release, as the gateway counts it. */
export const inFlight = (gateway: Gateway): Record<string, number> =>
  Object.fromEntries(gateway.status().releases.map((one) => [one.release, one.inFlight]))
