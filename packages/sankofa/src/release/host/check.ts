import { request } from 'node:http'
import { probeHeader } from '../../observe/index.ts'

/** One look at a release: `status` undefined when it did not answer in time. */
export type Check = { readonly path: string; readonly status: number | undefined; readonly ms: number }

/** Asks on a connection of its own, and says that it is no customer. Never rejects. */
export function check(origin: string, path: string, timeoutMs: number, signal: AbortSignal): Promise<Check> {
  const begun = performance.now()
  return new Promise((resolve) => {
    const asked = request(new URL(path, origin), {
      agent: false,
      headers: { 'user-agent': 'sankofa-host', accept: '*/*', [probeHeader]: 'host' },
    })
    const cut = (): void => void asked.destroy()
    const timer = setTimeout(cut, timeoutMs)
    signal.addEventListener('abort', cut, { once: true })
    const done = (status: number | undefined): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cut)
      resolve({ path, status, ms: Math.round((performance.now() - begun) * 10) / 10 })
    }
    asked.on('error', () => done(undefined))
    asked.on('close', () => done(undefined))
    asked.once('response', (answer) => {
      done(answer.statusCode)
      // An open stream would never end, and nobody reads the rest.
      answer.on('error', () => {})
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
