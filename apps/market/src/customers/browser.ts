import type { Pool } from 'undici'
import { keepCookie } from '../visitor.ts'

export type Answer = { readonly status: number; readonly body: unknown }
/** `undefined`: no answer came; the customer walked away. */
export type Outcome = Answer | undefined

export type Browser = {
  send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    more?: { readonly body?: object; readonly key?: string },
  ): Promise<Outcome>
  readonly jar: Map<string, string>
}

/** Said once for each request, so that the counts of the customers can be compared with the market's own. */
export type Heard = (heard: {
  readonly route: string
  readonly status: number | undefined
  readonly tookMs: number
}) => void

/** A customer's browser: keeps cookies, waits so long and no longer. */
export function createBrowser(pool: Pool, timeoutMs: number, heard: Heard, jar = new Map<string, string>()): Browser {
  return {
    jar,
    async send(method, path, { body, key } = {}) {
      const route = `${method} ${path.split('?')[0]}`
      const startedMs = performance.now()
      const count = (status: number | undefined): void =>
        heard({ route, status, tookMs: performance.now() - startedMs })
      try {
        const response = await pool.request({
          method,
          path,
          headers: {
            ...(jar.size === 0 ? {} : { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(key === undefined ? {} : { 'idempotency-key': key }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(timeoutMs),
        })
        const text = await response.body.text()
        count(response.statusCode)
        for (const cookie of [response.headers['set-cookie'] ?? []].flat()) keepCookie(jar, cookie)
        // The gateway speaks for a release that does not answer, in plain text.
        const isJson = /[/+]json\b/.test(String(response.headers['content-type'] ?? ''))
        return { status: response.statusCode, body: isJson && text !== '' ? JSON.parse(text) : undefined }
      } catch (error) {
        if (!isNoAnswer(error)) throw error
        count(undefined)
        return undefined
      }
    },
  }
}

/** A time-out, a refused or broken connection, a market that stopped: to a customer they are the same. */
function isNoAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return error.name === 'TimeoutError' || error.name === 'AbortError' || /^(ECONN|EPIPE|EHOST|UND_ERR_)/.test(code)
}
