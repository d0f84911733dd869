import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { fastifyCookie } from '@fastify/cookie'
import { newVisitor, readVisitor } from '../../observe/index.ts'
import { recentMap } from './recent-map.ts'

export type KeySource = { readonly header: string } | { readonly cookie: string }

/** Whom a release is drawn for. */
export type Subject = {
  readonly key: string
  /** `<key>.<signature>`: by it the service knows that the key is the gateway's. */
  readonly signed: string
}

/** A visitor that was not known before. */
export type Newcomer = Subject & { readonly setCookie: string; readonly cookie: string }

export type Subjects = {
  /** A configured header or cookie, else the visitor's own cookie; `undefined` for one that has neither. */
  known(headers: IncomingHttpHeaders): Subject | undefined
  newcomer(isHttps: boolean): Newcomer
}

/** @internal the name of the cookie that `newVisitor` sets */
export const visitorCookie = 'sankofa_s'

/** Keys and their signatures. Those of recent visitors are remembered: a signature costs more than the rest of a request's head. */
export function createSubjects(secret: string, keyFrom: readonly KeySource[]): Subjects {
  const visitors = recentMap<Subject>(8_192)
  const sources = keyFrom.map((source) => ({
    isCookie: 'cookie' in source,
    name: 'cookie' in source ? source.cookie : source.header.toLowerCase(),
    recent: recentMap<Subject>(8_192),
  }))

  // Hashed under the secret: the value may be a session's token, and must not be found in a log or guessed back.
  const hash = (name: string, value: string): Subject => {
    const key = `key-${createHmac('sha256', secret).update(`${name}\n${value}`).digest('base64url').slice(0, 24)}`
    return { key, signed: fastifyCookie.sign(key, secret) }
  }

  const configured = (headers: IncomingHttpHeaders): Subject | undefined => {
    for (const { name, isCookie, recent } of sources) {
      const found = isCookie ? cookieValue(headers.cookie, name) : headers[name]
      const value = Array.isArray(found) ? found.join(', ') : found
      if (value === undefined || value === '') continue
      return recent.get(value) ?? recent.put(value, hash(name, value))
    }
    return undefined
  }

  const visitor = (cookies: string | undefined): Subject | undefined => {
    const sent = cookieValue(cookies, visitorCookie)
    if (sent === undefined) return undefined
    const recent = visitors.get(sent)
    if (recent !== undefined) return recent
    const key = readVisitor(`${visitorCookie}=${sent}`, secret)
    // Only those that are genuine: else anybody could push the others out.
    return key === undefined ? undefined : visitors.put(sent, { key, signed: sent })
  }

  return {
    known: (headers) => (sources.length === 0 ? undefined : configured(headers)) ?? visitor(headers.cookie),
    newcomer: (isHttps) => {
      const { id, setCookie } = newVisitor(secret, isHttps)
      const cookie = setCookie.slice(0, setCookie.indexOf(';'))
      return { key: id, signed: cookie.slice(visitorCookie.length + 1), setCookie, cookie }
    },
  }
}

/** The first cookie of this name, as it was sent. */
export function cookieValue(cookies: string | undefined, name: string): string | undefined {
  if (cookies === undefined) return undefined
  let at = cookies.indexOf(name)
  while (at !== -1) {
    const after = at + name.length
    const isWhole = cookies[after] === '=' && (at === 0 || cookies[at - 1] === ' ' || cookies[at - 1] === ';')
    if (isWhole) {
      const end = cookies.indexOf(';', after)
      return cookies.slice(after + 1, end === -1 ? undefined : end).trimEnd()
    }
    at = cookies.indexOf(name, after)
  }
  return undefined
}
