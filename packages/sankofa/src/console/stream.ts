import type { ServerResponse } from 'node:http'
import type { Status } from './contract.ts'

export const mostClients = 32
const heartbeatMs = 10_000
/** A screen that does not read must not hold our memory. */
const mostWaitingBytes = 1_000_000

export type Stream = {
  /** @param stillAllowed - asked before each status: a person who was revoked hears nothing more */
  add(response: ServerResponse, stillAllowed: () => Promise<boolean>): void
  isFull(): boolean
  clients(): number
  /** Something may have changed: reads the status once and sends it to every screen. Calls while it reads are merged. */
  tell(): void
  stop(): void
}

/** Sends every open screen the status as it changes, as server-sent events. */
export function createStream(read: () => Promise<Status>): Stream {
  const clients = new Map<ServerResponse, () => Promise<boolean>>()
  let telling = false
  let again = false

  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength > mostWaitingBytes) response.destroy()
    else if (!response.writableEnded) response.write(text)
  }

  const tellAll = async (): Promise<void> => {
    const text = `event: status\ndata: ${JSON.stringify(await read())}\n\n`
    for (const [response, stillAllowed] of [...clients]) {
      if (await stillAllowed().catch(() => false)) send(response, text)
      else response.end()
    }
  }

  const tell = (): void => {
    if (clients.size === 0) return
    if (telling) {
      again = true
      return
    }
    telling = true
    tellAll()
      // `read` does not reject and a failed check counts as a no: this is for what nobody thought of.
      .catch(() => {})
      .finally(() => {
        telling = false
        if (!again) return
        again = false
        tell()
      })
  }

  const heartbeat = setInterval(() => {
    for (const response of clients.keys()) send(response, 'event: heartbeat\ndata: 1\n\n')
  }, heartbeatMs)
  heartbeat.unref()

  return {
    add(response, stillAllowed) {
      clients.set(response, stillAllowed)
      response.on('close', () => clients.delete(response))
      // Asks the browser to come back after 2 s when the connection breaks.
      send(response, 'retry: 2000\n\n')
      tell()
    },
    isFull: () => clients.size >= mostClients,
    clients: () => clients.size,
    tell,
    stop() {
      clearInterval(heartbeat)
      for (const response of clients.keys()) response.end()
      clients.clear()
    },
  }
}
