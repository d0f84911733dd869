import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** Answers what the parser objected to, and ends the connection: where the next request begins on it nobody can tell. */
export function badRequest(error: Error & { readonly code?: string }, socket: Duplex): void {
  const inAnswer = '_httpMessage' in socket ? (socket._httpMessage as { readonly headersSent?: boolean } | null) : null
  if (!socket.writable || error.code === 'ECONNRESET' || inAnswer?.headersSent === true) {
    socket.destroy()
    return
  }
  const status = statuses[error.code ?? ''] ?? 400
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}
