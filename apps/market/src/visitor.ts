import type { App } from './app.ts'
import { type SeedCustomer, sessionCookie } from './seed/customers.ts'

export type Reply = {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, unknown>>
}

/** Somebody with a browser's cookies, without a network between. For proofs and tests. */
export type Visitor = {
  request(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    more?: { readonly body?: object; readonly key?: string },
  ): Promise<Reply>
  cookies(): ReadonlyMap<string, string>
}

/** A visitor to `app`, already signed in when given a seeded customer and the market's secret. */
export function createVisitor(
  app: App,
  signedInAs?: { readonly customer: SeedCustomer; readonly secret: string },
): Visitor {
  const jar = new Map<string, string>()
  if (signedInAs !== undefined) {
    const { name, value } = sessionCookie(signedInAs.customer.token, signedInAs.secret)
    jar.set(name, value)
  }
  return {
    cookies: () => jar,
    async request(method, path, { body, key } = {}) {
      const response = await app.inject({
        method,
        url: path,
        headers: {
          ...(jar.size === 0 ? {} : { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { payload: body }),
      })
      for (const cookie of response.headers['set-cookie'] === undefined ? [] : [response.headers['set-cookie']].flat())
        keepCookie(jar, cookie)
      return {
        status: response.statusCode,
        body: response.payload === '' ? undefined : response.json(),
        headers: response.headers,
      }
    },
  }
}

/** As a browser does it: `Max-Age=0` forgets. */
export function keepCookie(jar: Map<string, string>, setCookie: string): void {
  const [pair = '', ...attributes] = setCookie.split(';')
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals).trim()
  if (attributes.some((attribute) => /^\s*max-age\s*=\s*0\s*$/i.test(attribute))) jar.delete(name)
  else jar.set(name, pair.slice(equals + 1).trim())
}
