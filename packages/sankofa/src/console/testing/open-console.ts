import type pg from 'pg'
import { pino } from 'pino'
import { openJournal } from '../../journal/index.ts'
import { type ConsoleOptions, type ConsoleServer, createConsoleServer } from '../index.ts'

export const checkoutAttempt = {
  name: 'checkout',
  attempted: 'checkout.attempted',
  completed: 'order.paid',
  owner: { couldNot: 'could not pay for orders' },
}

/** A console on a free port, with everything that it logs. */
export async function openConsole(
  pool: pg.Pool,
  options: Partial<ConsoleOptions> = {},
): Promise<{
  readonly url: string
  readonly logged: readonly string[]
  readonly server: ConsoleServer
}> {
  const logged: string[] = []
  const server = createConsoleServer({
    pool,
    journal: openJournal(pool),
    port: 0,
    log: pino({ level: 'debug' }, { write: (line: string) => logged.push(line) }),
    service: 'market',
    attempts: [checkoutAttempt],
    ...options,
  })
  return { ...(await server.start()), logged, server }
}

/** A person with a session, as a browser would hold it. */
export async function signIn(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/?token=${token}`, { redirect: 'manual' })
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

export type Ask = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: unknown }

/** One request as the page itself would send it; `headers` replace what is meant to be wrong. */
export async function ask(url: string, path: string, cookie: string, options: Ask = {}): Promise<Response> {
  const { method = 'GET', headers = {}, body } = options
  return fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      cookie,
      ...(method === 'GET' ? {} : { origin: url }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}
