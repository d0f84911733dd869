// A release of the bench: answers, takes uploads, streams and echoes upgraded sockets; tells which release it is.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const release = process.env.SANKOFA_RELEASE ?? 'none'

const server = createServer((request, response) => {
  response.setHeader('x-release', release)
  if (request.url === '/upload') {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => void hash.update(chunk))
    request.on('end', () => response.end(hash.digest('hex')))
    return
  }
  if (request.url === '/stream') {
    let left = 10
    const timer = setInterval(() => {
      response.write(`line ${left}\n`)
      left -= 1
      if (left > 0) return
      clearInterval(timer)
      response.end('end\n')
    }, 30)
    response.on('close', () => clearInterval(timer))
    return
  }
  response.end(release)
})
server.on('upgrade', (_request, socket) => {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\nx-release: ${release}\r\n\r\n`,
  )
  socket.on('error', () => socket.destroy())
  socket.pipe(socket)
})
server.keepAliveTimeout = 30_000
server.listen(Number(process.env.PORT), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  setTimeout(() => process.exit(0), 2_000).unref()
})
