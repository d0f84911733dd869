import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Answers what the clients of `load.ts` ask for. */
export function answerLoad(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/upload') {
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    request.on('end', () => response.end(String(size)))
  } else if (request.url === '/stream') void stream(response)
  else setTimeout(() => response.end('{"ok":true}'), Math.random() * 5)
}

async function stream(response: ServerResponse): Promise<void> {
  for (let n = 1; n <= 5; n += 1) {
    response.write(`${n} `)
    await wait(15)
  }
  response.end('end')
}

export function echoUpgrade(_request: IncomingMessage, socket: Socket): void {
  socket.on('error', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  socket.pipe(socket)
}
