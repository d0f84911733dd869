import type { IncomingHttpHeaders } from 'node:http'
import { namedInConnection } from './header-names.ts'

export type AnswerHead = {
  /** Names and values in turns. */
  readonly headers: string[]
  /** Bytes of the body as they were told; `undefined`: told by the answer's end. */
  readonly length: number | undefined
  readonly isPublic: boolean
}

/**
 * The headers of an answer without those of the upstream's own connection. An upstream that ends its connection, as each does
 * that is being stopped, must not end the client's.
 */
export function answerHead(given: IncomingHttpHeaders): AnswerHead {
  const { connection } = given
  const ofConnection = connection === undefined ? undefined : namedInConnection(connection)
  const headers: string[] = []
  let length: number | undefined
  let isPublic = false
  for (const name in given) {
    const value = given[name]
    if (value === undefined) continue
    switch (name) {
      case 'connection':
      case 'keep-alive':
      case 'proxy-connection':
      case 'proxy-authenticate':
      case 'transfer-encoding':
      case 'te':
      case 'upgrade':
        continue
      case 'content-length':
        length = Number(value)
        break
      case 'cache-control':
        isPublic = typeof value === 'string' && /public|s-maxage/i.test(value)
        break
    }
    if (ofConnection?.has(name)) continue
    if (typeof value === 'string') headers.push(name, value)
    else for (const one of value) headers.push(name, one)
  }
  return { headers, length, isPublic }
}
