import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what Linux hands to outgoing connections (32768 on), so that none of those takes it before the release does. */
const range = { from: 20_000, to: 32_000 }

/** A port of loopback that nobody listens on now. `taken`: given out already and perhaps not listened on yet. */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(range.from, range.to)
    if (!taken.has(port) && (await isFree(port))) return port
  }
  throw new Error(`no free port of 127.0.0.1 was found between ${range.from} and ${range.to}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ host: '127.0.0.1', port, exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
