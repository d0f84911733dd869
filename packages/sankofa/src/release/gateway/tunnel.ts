import { type ServerResponse, STATUS_CODES } from 'node:http'
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
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n`
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`
  client.setTimeout(0)
  client.write(`${head}\r\n`, 'latin1')
  client.on('error', ignore).once('close', () => upstream.destroy())
  upstream.on('error', ignore).once('close', () => client.destroySoon())
  client.pipe(upstream)
  upstream.pipe(client)
}

// What breaks one side closes it, and with it the other.
function ignore(): void {}
