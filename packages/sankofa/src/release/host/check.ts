import { request } from 'node:http'

/** One look at a release: `status` undefined when it did not answer in time. */
export type Check = { readonly path: string; readonly status: number | undefined; readonly ms: number }

/** Asks on a connection of its own, as a newcomer would. Never rejects. */
export function check(origin: string, path: string, timeoutMs: number, signal?: AbortSignal): Promise<Check> {
  const begun = performance.now()
  return new Promise((resolve) => {
    const until = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)))
    const done = (status: number | undefined): void =>
      resolve({ path, status, ms: Math.round((performance.now() - begun) * 10) / 10 })
    const asked = request(new URL(path, origin), {
      agent: false,
      signal: signal === undefined ? until : AbortSignal.any([until, signal]),
      headers: { 'user-agent': 'sankofa-host', accept: '*/*' },
    })
    asked.once('error', () => done(undefined))
    asked.once('response', (answer) => {
      done(answer.statusCode)
      // An open stream would never end, and nobody reads the rest.
      answer.once('error', () => {})
      answer.destroy()
    })
    asked.end()
  })
}

export const isHealthy = (found: Check): boolean =>
  found.status !== undefined && found.status >= 200 && found.status < 300

export const isSound = (found: Check): boolean => found.status !== undefined && found.status < 500

/** As the rest of a sentence. */
export const answered = (found: Check): string =>
  found.status === undefined ? `gave no answer in ${Math.round(found.ms)} ms` : `answered ${found.status}`
