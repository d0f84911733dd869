import { isAPIError } from 'better-auth/api'
import { getCookieCache } from 'better-auth/cookies'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../problem.ts'
import type { Auth } from './auth.ts'

export type User = { readonly id: string; readonly name: string; readonly email: string }

/** `cookies` renew the session's signed cookie; there are none when it was fresh. */
type Found = { readonly user: User | undefined; readonly cookies: readonly string[] }

declare module 'fastify' {
  interface FastifyRequest {
    /** Looked up once a request; `null` until somebody asks. */
    session: Promise<Found> | null
  }
}

export type SessionReader = {
  find(request: FastifyRequest): Promise<User | undefined>
  /** @throws Problem `not-signed-in` */
  require(request: FastifyRequest, reply: FastifyReply): Promise<User>
}

/** Who is signed in: from the signed cookie where it is fresh, else from the database, which also renews the cookie. */
export function createSessionReader(auth: Auth, secret: string): SessionReader {
  const look = async (request: FastifyRequest): Promise<Found> => {
    if (request.headers.cookie === undefined) return { user: undefined, cookies: [] }
    const headers = headersOf(request)
    const cached = await getCookieCache(headers, { secret, isSecure: false })
    if (cached !== null) return { user: toUser(cached.user), cookies: [] }
    const found = await auth.api.getSession({ headers, returnHeaders: true }).catch((error: unknown) => {
      // better-auth says 500 for whatever its database says; here that is a database that does not answer.
      if (!isAPIError(error) || error.statusCode < 500) throw error
      throw new Problem('database-away', 'Try again in a moment; nobody could be signed in.', { cause: error })
    })
    return {
      user: found.response === null ? undefined : toUser(found.response.user),
      cookies: found.headers?.getSetCookie() ?? [],
    }
  }
  const once = (request: FastifyRequest): Promise<Found> => {
    request.session ??= look(request)
    return request.session
  }
  return {
    find: async (request) => (await once(request)).user,
    async require(request, reply) {
      const { user, cookies } = await once(request)
      passCookies(cookies, reply)
      if (user === undefined)
        throw new Problem('not-signed-in', 'POST /sign-in or /register, and send the cookies that come back.')
      return user
    },
  }
}

export const headersOf = (request: FastifyRequest): Headers => new Headers({ cookie: request.headers.cookie ?? '' })

export const toUser = ({ id, name, email }: User): User => ({ id, name, email })

/** better-auth answers with its own headers; its cookies go on to the browser. */
export function passCookies(cookies: readonly string[], reply: FastifyReply): void {
  for (const cookie of cookies) reply.header('set-cookie', cookie)
}
