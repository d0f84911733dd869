import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'

const lingerMs = 2_000

/** An answer of the gateway's own. */
export function refuse(response: ServerResponse, status: number, why: string, requestId?: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const text = `${status} ${STATUS_CODES[status] ?? ''}: ${why}\n`
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  })
  response.end(text)
}

/**
 * Lets the rest of a request's body through, unread. Closing at once would reset the connection, and the client might never
 * see the answer that it was given.
 */
export function lingerOver(request: IncomingMessage): void {
  const { socket } = request
  const cut = setTimeout(() => {
    if (!request.complete) socket.destroy()
  }, lingerMs)
  cut.unref()
  request.once('end', () => clearTimeout(cut)).once('close', () => clearTimeout(cut))
  request.resume()
}
