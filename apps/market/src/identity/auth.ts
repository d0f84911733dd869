import { betterAuth } from 'better-auth'
import pg from 'pg'

const sessionDays = 7
/** How long a signed cookie alone says who is signed in; after it, and once, the database is asked again. */
const cookieCacheSeconds = 300

/** Who may do what is better-auth's: passwords, sessions, cookies. Its tables live in the schema `auth`. */
export function createAuth(options: { readonly pool: pg.Pool; readonly secret: string; readonly baseUrl: string }) {
  return betterAuth({
    database: options.pool,
    secret: options.secret,
    baseURL: options.baseUrl,
    basePath: '/auth',
    emailAndPassword: { enabled: true, minPasswordLength: 10 },
    session: {
      expiresIn: sessionDays * 24 * 60 * 60,
      updateAge: 24 * 60 * 60,
      cookieCache: { enabled: true, maxAge: cookieCacheSeconds },
    },
    advanced: { useSecureCookies: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
}

export type Auth = ReturnType<typeof createAuth>

/** better-auth names its tables without a schema, so its connections look in `auth`. */
export function createAuthPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 3,
    application_name: 'market-auth',
    options: '-c search_path=auth',
    connectionTimeoutMillis: 3_000,
  })
  // Without listeners a connection that breaks would end the process, idle or not.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
