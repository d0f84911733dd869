import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { type Clock, SankofaError } from '../core/index.ts'
import type { Me } from './contract.ts'
import { type Sessions, sessionDays } from './sessions.ts'
import { createTryLimit } from './try-limit.ts'

/** Cookies do not know ports: two consoles on one machine need two names. */
export const cookieName = (port: number): string => `sankofa_console_${port}`

const Token = Type.String({ minLength: 1, maxLength: 200 })

export type SignInParts = {
  readonly sessions: Sessions
  readonly clock: Clock
  readonly log: Logger
  readonly service: string
  port(): number
  signedIn(request: FastifyRequest): Promise<string>
  sendPage(reply: FastifyReply): Promise<FastifyReply>
}

/** The page, and the ways in and out: a link with a token, a pasted token, signing out. */
export function addSignIn(fastify: FastifyInstance, parts: SignInParts): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const { sessions, log } = parts
  const limit = createTryLimit(parts.clock)

  const begin = async (request: FastifyRequest, reply: FastifyReply, token: string): Promise<string> => {
    const waitS = limit.waitS(request.ip)
    if (waitS > 0) throw new SankofaError('CONSOLE_TOO_MANY_TRIES', { waitS })
    const session = await sessions.begin(token)
    if (session === undefined) {
      limit.failed(request.ip)
      log.warn({ address: request.ip }, 'a token was wrong')
      throw new SankofaError('CONSOLE_TOKEN_UNKNOWN', {})
    }
    log.info({ person: session.person }, 'signed in to the console')
    reply.setCookie(cookieName(parts.port()), session.id, {
      httpOnly: true,
      sameSite: 'strict',
      path: '/',
      maxAge: sessionDays * 86_400,
      secure: request.headers['x-forwarded-proto'] === 'https',
    })
    return session.person
  }

  app.get('/', { schema: { querystring: Type.Object({ token: Type.Optional(Token) }) } }, async (request, reply) => {
    const { token } = request.query
    if (token === undefined) return parts.sendPage(reply)
    // A wrong token shows the page too, which then asks for a right one; either way it leaves the address bar.
    try {
      await begin(request, reply, token)
    } catch (error) {
      if (!(error instanceof SankofaError) || error.code === 'DATABASE_UNREACHABLE') throw error
    }
    return reply.header('cache-control', 'no-store').redirect('/', 303)
  })

  app.post(
    '/api/session',
    { schema: { body: Type.Object({ token: Token }, { additionalProperties: false }) } },
    async (request, reply): Promise<Me> => {
      const name = await begin(request, reply, request.body.token)
      return { name, service: parts.service }
    },
  )

  app.delete('/api/session', async (request, reply) => {
    await parts.signedIn(request)
    const id = request.cookies[cookieName(parts.port())]
    if (id !== undefined) await sessions.end(id)
    reply.clearCookie(cookieName(parts.port()), { path: '/' }).code(204)
  })
}
