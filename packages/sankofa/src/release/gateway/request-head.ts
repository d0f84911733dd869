import type { IncomingMessage } from 'node:http'
import type { ClientConnection } from './client-connection.ts'
import { handlingOf, namedInConnection } from './header-names.ts'
import { knownTraceparent, newTraceparent, requestIdOf } from './ids.ts'
import type { GatewayLimits } from './limits.ts'
import type { Newcomer, Subjects } from './subject.ts'

/** What is sent on to a release, and what is known of the request. */
export type RequestHead = {
  readonly kind: 'head'
  readonly method: string
  readonly path: string
  /** Names and values in turns. */
  readonly headers: string[]
  readonly hasBody: boolean
  readonly requestId: string
  readonly key: string
  /** Has to be told who it is. */
  readonly newcomer: Newcomer | undefined
}

/** A request that is not sent on. */
export type RefusedHead = { readonly kind: 'refused'; readonly status: number; readonly why: string }

const refused = (status: number, why: string): RefusedHead => ({ kind: 'refused', status, why })

/** What RFC 3986 lets a host and its port consist of: a service may build links of it, and must not build others' paths. */
const hostLike = /^[\w.~!$&'()*+,;=%:[\]-]*$/

/** Reads a request's head and writes the one that a release gets: what belongs to this connection left out, ours added. */
export function readHead(
  request: IncomingMessage,
  connection: ClientConnection,
  subjects: Subjects,
  limits: GatewayLimits,
): RequestHead | RefusedHead {
  const { rawHeaders: raw, headers: given, method = 'GET' } = request
  if (raw.length > 2 * limits.headerCount)
    return refused(431, `There are ${raw.length / 2} headers, and at most ${limits.headerCount} are taken.`)
  // TRACE would show a page the cookies and the subject that it must not see.
  if (method === 'TRACE' || method === 'CONNECT') return refused(405, `${method} is not taken here.`)

  const { isTrusted } = connection
  const traceparent = knownTraceparent(given.traceparent)
  const ofConnection = namedInConnection(given.connection)
  const headers: string[] = []
  let host: string | undefined
  let length: string | undefined
  let isChunked = false
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    const value = raw[at + 1] as string
    switch (handlingOf(name)) {
      case 'pass':
        if (ofConnection === undefined || !ofConnection.has(name.toLowerCase())) headers.push(name, value)
        break
      case 'drop':
        break
      case 'forwarded':
        if (isTrusted) headers.push(name, value)
        break
      case 'tracestate':
        if (traceparent !== undefined) headers.push(name, value)
        break
      case 'host':
        // Two hosts: who stands before us and who stands behind may believe different ones.
        if (host !== undefined) return refused(400, 'There are two Host headers.')
        if (!hostLike.test(value)) return refused(400, 'Host is no name of a host.')
        host = value
        break
      case 'content-length':
        // The parser refuses what is no number and what is not the same twice; a list it would have to repair goes no further.
        if (length !== undefined || !/^\d{1,15}$/.test(value)) return refused(400, 'Content-Length is not one number.')
        length = value
        break
      case 'transfer-encoding':
        if (isChunked || value.toLowerCase() !== 'chunked')
          return refused(501, `Transfer-Encoding "${value}" is not taken; chunked is.`)
        isChunked = true
        break
    }
  }
  if (isChunked && length !== undefined)
    return refused(400, 'Content-Length and Transfer-Encoding contradict each other.')
  if (isChunked && request.httpVersion === '1.0') return refused(400, 'HTTP/1.0 has no Transfer-Encoding.')
  const target = targetOf(request.url ?? '/', host)
  if (target === undefined) return refused(400, 'The address of the request is not one that can be asked for here.')
  if (target.host === undefined && request.httpVersion !== '1.0') return refused(400, 'There is no Host header.')
  const size = length === undefined ? 0 : Number(length)
  if (size > limits.bodyBytes)
    return refused(413, `The body has ${size} bytes, and at most ${limits.bodyBytes} are taken.`)

  const proto = forwardedProto(given['x-forwarded-proto'], connection)
  const known = subjects.known(given)
  const newcomer = known === undefined ? subjects.newcomer(proto === 'https') : undefined
  const subject = known ?? (newcomer as Newcomer)
  const requestId = requestIdOf(given['x-request-id'])
  const { cookie } = given
  if (target.host !== undefined) headers.push('host', target.host)
  if (length !== undefined) headers.push('content-length', length)
  // First, because a forged one may be among the others, and the first of a name counts.
  if (newcomer !== undefined)
    headers.push('cookie', cookie === undefined ? newcomer.cookie : `${newcomer.cookie}; ${cookie}`)
  else if (cookie !== undefined) headers.push('cookie', cookie)
  headers.push(
    'x-sankofa-subject',
    subject.signed,
    'x-request-id',
    requestId,
    'traceparent',
    traceparent ?? newTraceparent(),
    'x-forwarded-for',
    forwardedFor(given['x-forwarded-for'], connection),
    'x-forwarded-proto',
    proto,
  )
  const forwardedHost = isTrusted ? (given['x-forwarded-host'] ?? target.host) : target.host
  if (typeof forwardedHost === 'string') headers.push('x-forwarded-host', forwardedHost)
  return {
    kind: 'head',
    method,
    path: target.path,
    headers,
    hasBody: isChunked || size > 0,
    requestId,
    key: subject.key,
    newcomer,
  }
}

/** A path, or the whole address that a client of proxies asks for: its host counts then (RFC 9112, 3.2.2). */
function targetOf(
  url: string,
  host: string | undefined,
): { readonly path: string; readonly host: string | undefined } | undefined {
  if (url.startsWith('/')) return { path: url, host }
  const absolute = /^https?:\/\/([^/?#@]+)([/?][^#]*)?$/i.exec(url)
  if (absolute === null) return undefined
  const [, authority, rest = '/'] = absolute
  return { path: rest.startsWith('/') ? rest : `/${rest}`, host: authority }
}

function forwardedProto(given: string | string[] | undefined, { isTrusted, isHttps }: ClientConnection): string {
  if (isTrusted && (given === 'https' || given === 'http')) return given
  return isHttps ? 'https' : 'http'
}

function forwardedFor(given: string | string[] | undefined, { isTrusted, address }: ClientConnection): string {
  return isTrusted && typeof given === 'string' ? `${given}, ${address}` : address
}
