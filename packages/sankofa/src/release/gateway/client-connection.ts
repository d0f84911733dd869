import type { Socket } from 'node:net'
import { plainAddress } from './trusted.ts'

/** What is known of a client's connection, worked out once for all of its requests. */
export type ClientConnection = {
  readonly address: string
  readonly isTrusted: boolean
  readonly isHttps: boolean
  /** One more than the gateway is to hold: told 503 at its first request. */
  readonly isTooMany: boolean
  requests: number
}

const connectionKey = Symbol('sankofa gateway')
type Tracked = Socket & { [connectionKey]?: ClientConnection }

export function trackConnection(
  socket: Socket,
  facts: { readonly isTrusted: boolean; readonly isHttps: boolean; readonly isTooMany: boolean },
): void {
  ;(socket as Tracked)[connectionKey] = { ...facts, address: plainAddress(socket.remoteAddress ?? ''), requests: 0 }
}

/** @returns `undefined` for a socket that was closed before it was seen */
export const connectionOf = (socket: Socket): ClientConnection | undefined => (socket as Tracked)[connectionKey]
