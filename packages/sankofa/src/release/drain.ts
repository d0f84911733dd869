import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export type DrainOptions = {
  /** How long an idle connection may still bring a request, ms; 4 s unless told: longer than the gateway keeps its own idle. */
  readonly graceMs?: number
  /** After so long what is left is cut, ms; 30 s unless told. */
  readonly withinMs?: number
}

// Of every server of the process, from the first import: Node tells nobody later which sockets a server has, and of those that
// were upgraded it keeps none.
const socketsOf = new WeakMap<NetServer, Set<Socket>>()
subscribe('net.server.socket', (message) => {
  const { socket } = message as { readonly socket: Socket & { readonly server?: NetServer } }
  const { server } = socket
  if (server === undefined || server === null) return
  const known = socketsOf.get(server)
  const sockets = known ?? new Set()
  if (known === undefined) socketsOf.set(server, sockets)
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
})

const lookEveryMs = 20
const farewellMs = 250

/**
 * Ends a server without losing a request: it takes no new connections, tells each client with its next answer that the
 * connection ends, and closes those that bring none within the grace. Resolves when no connection is left; what is upgraded or
 * still busy at `withinMs` is cut.
 *
 * Node's own `server.close()` cuts idle connections at once, also those on which a request is on its way.
 */
export async function drain(server: Server, options: DrainOptions = {}): Promise<void> {
  const { graceMs = 4_000, withinMs = 30_000 } = options
  const sockets = socketsOf.get(server) ?? new Set<Socket>()
  const beganMs = performance.now()
  const elapsedMs = (): number => performance.now() - beganMs
  server.prependListener('request', endsConnection)
  // Only where there is one: by itself a listener would keep Node from saying "100 Continue".
  if (server.listenerCount('checkContinue') > 0) server.prependListener('checkContinue', endsConnection)
  // Not the `close` of an HTTP server, which cuts.
  NetServer.prototype.close.call(server)
  while (sockets.size > 0 && elapsedMs() < withinMs) {
    if (elapsedMs() >= graceMs) {
      server.closeIdleConnections()
      // Node does not call idle what has never sent anything.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    }
    await wait(Math.min(lookEveryMs, Math.max(1, withinMs - elapsedMs())))
  }
  if (sockets.size > 0) {
    for (const socket of sockets) socket.end()
    const cutMs = elapsedMs() + farewellMs
    while (sockets.size > 0 && elapsedMs() < cutMs) await wait(lookEveryMs)
    for (const socket of sockets) socket.destroy()
    while (sockets.size > 0) await wait(1)
  }
  server.close(() => {})
}

function endsConnection(_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false
}
