import { isAPIError } from 'better-auth/api'
import Type from 'typebox'
import type { App } from '../app.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import { openWallets } from '../wallet/wallets.ts'
import type { Auth } from './auth.ts'
import { headersOf, passCookies, type SessionReader, toUser } from './session.ts'
import { forgetSubject, rememberSubject } from './subject.ts'

const UserBody = Type.Object({ id: Type.String(), name: Type.String(), email: Type.String() })
const Email = Type.String({
  minLength: 3,
  maxLength: 200,
  pattern: '^[^@\\s]+@[^@\\s]+$',
  examples: ['ama@example.com'],
})
const Name = Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]+$' })
const Password = Type.String({ minLength: 10, maxLength: 128 })

export function identityRoutes(app: App, services: Services, auth: Auth, sessions: SessionReader): void {
  app.post(
    '/register',
    {
      schema: {
        summary: 'Open an account, with a wallet in each currency',
        body: Type.Object({ name: Name, email: Email, password: Password }, { additionalProperties: false }),
        response: { 201: UserBody },
      },
    },
    async (request, reply) => {
      const { headers, response } = await auth.api
        .signUpEmail({ body: request.body, returnHeaders: true })
        .catch((error: unknown) => {
          if (isAPIError(error) && error.statusCode === 422)
            throw new Problem('already-registered', 'Sign in instead, or use another e-mail.', { cause: error })
          throw error
        })
      const user = toUser(response.user)
      await openWallets(services, user)
      passCookies(headers.getSetCookie(), reply)
      rememberSubject(request, reply, user.id)
      return reply.code(201).send(user)
    },
  )

  app.post(
    '/sign-in',
    {
      schema: {
        summary: 'Sign in with e-mail and password',
        body: Type.Object({ email: Email, password: Password }, { additionalProperties: false }),
        response: { 200: UserBody },
      },
    },
    async (request, reply) => {
      const { headers, response } = await auth.api
        .signInEmail({ body: request.body, returnHeaders: true })
        .catch((error: unknown) => {
          if (isAPIError(error) && error.statusCode === 401)
            throw new Problem('wrong-sign-in', 'Check both and try again.', { cause: error })
          throw error
        })
      const user = toUser(response.user)
      // Registration may have been cut between the user and the wallets; opening them again changes nothing.
      await openWallets(services, user)
      passCookies(headers.getSetCookie(), reply)
      rememberSubject(request, reply, user.id)
      return user
    },
  )

  app.post(
    '/sign-out',
    { schema: { summary: 'End the session', response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { headers } = await auth.api.signOut({ headers: headersOf(request), returnHeaders: true })
      passCookies(headers.getSetCookie(), reply)
      return forgetSubject(reply).code(204).send(null)
    },
  )

  app.get('/me', { schema: { summary: 'Who is signed in', response: { 200: UserBody } } }, (request, reply) =>
    sessions.require(request, reply),
  )
}
