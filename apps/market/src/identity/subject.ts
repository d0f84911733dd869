import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SessionReader } from './session.ts'

const name = 'market_subject'
const days = 30
const nobodys: ReadonlySet<string> = new Set(['/health', '/openapi.json', '/webhooks/deposits'])

export type SubjectOf = (request: FastifyRequest) => Promise<string | null | undefined>

/**
 * Whom a request is measured for: the user id, read from a signed cookie that lives longer than the session's cookie cache and
 * opens no door. So a customer keeps her arm while the database is away and after the cache ran out.
 *
 * @returns `undefined` for a visitor who is not signed in; `null` for what is no customer: probes, and webhooks, because what
 * anybody can send must not decide about a change
 */
export function createSubjectReader(sessions: SessionReader): SubjectOf {
  return async (request) => {
    if (nobodys.has(request.routeOptions.url ?? '')) return null
    const signed = request.cookies[name]
    if (signed !== undefined) {
      const { valid, value } = request.unsignCookie(signed)
      if (valid) return value ?? undefined
    }
    // The first request of a session, or a cookie that somebody altered: ask once. A database that is away means "not known".
    return sessions
      .find(request)
      .then((user) => user?.id)
      .catch(() => undefined)
  }
}

/** Sets the cookie where the request did not bring it. */
export function rememberSubject(request: FastifyRequest, reply: FastifyReply, userId: string): void {
  const signed = request.cookies[name]
  if (signed !== undefined && request.unsignCookie(signed).value === userId) return
  reply.setCookie(name, userId, {
    signed: true,
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    maxAge: days * 24 * 60 * 60,
  })
}

export const forgetSubject = (reply: FastifyReply): FastifyReply => reply.clearCookie(name, { path: '/' })
