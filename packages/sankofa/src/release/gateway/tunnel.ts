import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Joins a client with the upstream that switched protocols for it; what they say to each other is theirs. */
export function tunnel(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  protocol: string,
  upstream: Duplex,
): void {
  const client = response.socket
  if (client === null || client.destroyed) {
    upstream.on('error', ignore).destroy()
    return
  }
  response.detachSocket(client)
  client.off('readable', noticeEnd)
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n`
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`
  client.setTimeout(0)
  client.write(`${head}\r\n`, 'latin1')
  client.on('error', ignore).once('close', () => upstream.destroy())
  upstream.on('error', ignore).once('close', () => client.destroySoon())
  client.pipe(upstream)
  upstream.pipe(client)
}

/** Lets a socket that nobody reads yet close when its client leaves; what the client says meanwhile waits for the tunnel. */
export function watchForEnd(client: Socket): void {
  client.on('readable', noticeEnd).once('end', () => {
    if (client.listenerCount('readable') > 0) client.destroy()
  })
}

function noticeEnd(this: Socket): void {
  if (this.readableLength === 0) this.read()
}

// What breaks one side closes it, and with it the other.
function ignore(): void {}
