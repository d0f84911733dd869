import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import Fastify, { type FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { type SankofaFastifyOptions, sankofaFastify } from './fastify.ts'
import { requestContext, type Sankofa, sankofa } from './index.ts'
import { signSubject, subjectHeader } from './observe/index.ts'

type Service = { readonly app: FastifyInstance; readonly toolkit: Sankofa; readonly url: string; stop(): Promise<void> }

async function startService(
  db: TestDatabase,
  routes: (app: FastifyInstance, toolkit: Sankofa) => void,
  options: Partial<SankofaFastifyOptions> = {},
): Promise<Service> {
  const directory = mkdtempSync(join(tmpdir(), 'sankofa-fastify-'))
  const toolkit = sankofa({
    service: 'test',
    databaseUrl: db.url,
    directory,
    secret: 'a secret for tests, long enough here',
    release: 'r1',
    log: pino({ level: 'silent' }),
  })
  const app = Fastify()
  await app.register(sankofaFastify, { sankofa: toolkit, ...options })
  routes(app, toolkit)
  await toolkit.start()
  await app.listen({ host: '127.0.0.1', port: 0 })
  let stopped = false
  const stop = async (): Promise<void> => {
    if (stopped) return
    stopped = true
    await app.close()
    await toolkit.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  return { app, toolkit, url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, stop }
}

const cellCounts = async (db: TestDatabase) => {
  const { rows } = await db.pool.query<{
    route: string
    status_class: string
    n: number
    errors: number
    unanswered: number
  }>(
    `select cell.route, cell.status_class, sum(cell.n)::int as n, sum(cell.errors)::int as errors, sum(cell.unanswered)::int as unanswered
       from sankofa.cell as cell where cell.arm = 'all' group by 1, 2 order by 1, 2`,
  )
  return rows.map(
    (row) => `${row.route} ${row.status_class} n=${row.n} errors=${row.errors} unanswered=${row.unanswered}`,
  )
}

test('cells equal exactly what an HTTP client counted, over every kind of reply', async ({ db }) => {
  const service = await startService(db, (app) => {
    app.get('/fine', () => ({ fine: true }))
    app.get('/broken', () => {
      throw new Error('broken on purpose')
    })
    app.get<{ Querystring: { n: number } }>(
      '/checked',
      { schema: { querystring: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } } },
      ({ query }) => ({ n: query.n }),
    )
    app.post('/items/:id', (request) => ({ got: request.body }))
  })
  const paths = ['/fine', '/broken', '/checked?n=1', '/checked?n=x', '/items/7', '/nowhere', '/%E0%A4%A', '/fine?x=1']

  const result = await autocannon({
    url: service.url,
    amount: 2_000,
    connections: 10,
    requests: paths.map((path) =>
      path.startsWith('/items')
        ? { method: 'POST', path, body: '{"a":1}', headers: { 'content-type': 'application/json' } }
        : { method: 'GET', path },
    ),
  })
  await service.stop()

  expect(result['2xx'] + result['4xx'] + result['5xx']).toBe(2_000)
  const { rows } = await db.pool.query<{ status_class: string; n: number }>(
    `select cell.status_class, sum(cell.n)::int as n from sankofa.cell as cell where cell.arm = 'all' group by 1 order by 1`,
  )
  expect(Object.fromEntries(rows.map((row) => [row.status_class, row.n]))).toEqual({
    '2xx': result['2xx'],
    '4xx': result['4xx'],
    '5xx': result['5xx'],
  })
  const counted = await cellCounts(db)
  expect(counted).toContain(`GET /broken 5xx n=${result['5xx']} errors=${result['5xx']} unanswered=0`)
  expect(counted.map((line) => line.split(' n=')[0])).toEqual([
    '(unmatched) 4xx',
    'GET /broken 5xx',
    'GET /checked 2xx',
    'GET /checked 4xx',
    'GET /fine 2xx',
    'POST /items/:id 2xx',
  ])
  const reports = await db.pool.query<{ requests: number; failures: number }>(
    'select sum(requests)::int as requests, sum(failures)::int as failures from sankofa.process_report',
  )
  expect(reports.rows[0]).toEqual({ requests: 2_000, failures: result['5xx'] })
})

test('a client that leaves before the reply is counted as unanswered, with and without a body', async ({ db }) => {
  let arrived = 0
  const service = await startService(db, (app) => {
    app.get('/slow', () => {
      arrived += 1
      return new Promise(() => {})
    })
    app.post('/slow', () => {
      arrived += 1
      return new Promise(() => {})
    })
  })

  const leave = async (method: string): Promise<void> => {
    const before = arrived
    const request = httpRequest(`${service.url}/slow`, { method, headers: { 'content-type': 'application/json' } })
    request.on('error', () => {})
    request.end(method === 'POST' ? '{"a":1}' : undefined)
    await expect.poll(() => arrived).toBe(before + 1)
    request.destroy()
  }
  await leave('GET')
  await leave('POST')
  await expect.poll(() => service.toolkit.observer.health().requestsInFlight).toBe(0)
  await service.stop()

  expect(await cellCounts(db)).toEqual([
    'GET /slow none n=1 errors=0 unanswered=1',
    'POST /slow none n=1 errors=0 unanswered=1',
  ])
})

test('the context reaches the handler of a request with a body, and stays with its own request', async ({ db }) => {
  const service = await startService(
    db,
    (app, toolkit) => {
      const pool = toolkit.pool({ max: 1 })
      app.addHook('onClose', () => pool.end())
      app.post('/echo', async () => {
        const before = requestContext()?.requestId
        const subject = requestContext()?.subject
        await pool.query('select pg_sleep(0.002)')
        return { before, after: requestContext()?.requestId, subject }
      })
    },
    { subject: async (request) => String(request.headers['x-user']) },
  )

  const replies = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const response = await fetch(`${service.url}/echo`, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json', 'x-request-id': `id-${index}`, 'x-user': `user-${index}` },
      })
      return {
        index,
        id: response.headers.get('x-request-id'),
        timing: response.headers.get('server-timing'),
        body: await response.json(),
      }
    }),
  )

  await service.stop()
  for (const { index, id, timing, body } of replies) {
    expect(id).toBe(`id-${index}`)
    expect(body).toEqual({ before: `id-${index}`, after: `id-${index}`, subject: `user-${index}` })
    expect(timing).toMatch(/^total;dur=[\d.]+, pool;dur=[\d.]+, db;dur=[\d.]+$/)
  }
})

test('a body that arrives after its head, among others, is handled in the context of its own request', async ({
  db,
}) => {
  const service = await startService(db, (app) => {
    app.post('/echo', () => ({ id: requestContext()?.requestId }))
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  const ask = (id: string) =>
    new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'x-request-id': id, 'content-length': 7 }
      const request = httpRequest(`${service.url}/echo`, { method: 'POST', agent, headers })
      request.on('error', reject)
      request.on('response', (response) => response.on('data', (data) => resolve(JSON.parse(String(data)).id)))
      request.flushHeaders()
      // The head has been read by now; each half of the body comes as an event of the socket.
      setTimeout(() => request.write('{"a"'), 10)
      setTimeout(() => request.end(':1}'), 20)
    })

  const ids = Array.from({ length: 8 }, (_, index) => `late-${index}`)
  const answers = await Promise.all(ids.map(ask))
  agent.destroy()
  await service.stop()

  expect(answers).toEqual(ids)
})

test('a visitor is known again by a signed cookie; a forged one is a new visitor', async ({ db }) => {
  const service = await startService(db, (app) => {
    app.get('/me', () => ({ subject: requestContext()?.subject }))
  })
  const ask = async (cookie?: string) => {
    const response = await fetch(`${service.url}/me`, cookie === undefined ? {} : { headers: { cookie } })
    return {
      subject: ((await response.json()) as { subject: string }).subject,
      setCookie: response.headers.get('set-cookie'),
    }
  }

  const first = await ask()
  const cookie = first.setCookie?.split(';')[0] ?? ''
  const again = await ask(cookie)
  const forged = await ask(cookie.replace('visitor-', 'visitor-x'))

  await service.stop()
  expect(first.setCookie).toMatch(/HttpOnly; SameSite=Lax/)
  expect(again).toEqual({ subject: first.subject, setCookie: null })
  expect(forged.subject).not.toBe(first.subject)
  expect(forged.setCookie).not.toBeNull()
})

test('a host that looks after its release is counted, and is nobody', async ({ db }) => {
  const service = await startService(db, (app) => {
    app.get('/me', () => ({ subject: requestContext()?.subject ?? null }))
  })

  const response = await fetch(`${service.url}/me`, { headers: { 'x-sankofa-probe': 'host' } })
  const answer = await response.json()

  await service.stop()
  expect(answer).toEqual({ subject: null })
  expect(response.headers.get('set-cookie')).toBeNull()
  expect(await cellCounts(db)).toEqual(['GET /me 2xx n=1 errors=0 unanswered=0'])
})

test('a subject callback that fails, and a request id that is no id or a card number, do not fail the request', async ({
  db,
}) => {
  const service = await startService(
    db,
    (app) => {
      app.get('/me', () => ({ subject: requestContext()?.subject }))
    },
    { subject: () => Promise.reject(new Error('the session store is away')) },
  )

  const response = await fetch(`${service.url}/me`, { headers: { 'x-request-id': 'a b"c' } })
  const card = await fetch(`${service.url}/me`, { headers: { 'x-request-id': '4111111111111111' } })

  await service.stop()
  expect(card.headers.get('x-request-id')).toMatch(/^[\w-]{12}-\w+$/)
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ subject: expect.stringMatching(/^visitor-/) })
  expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{12}-\w+$/)
})

test('a gateway that signs with another secret is told of, once', async ({ db }) => {
  const told: string[] = []
  const toolkit = sankofa({
    service: 'test',
    databaseUrl: db.url,
    directory: tmpdir(),
    secret: 'a secret for tests, long enough here',
    release: 'r1',
    log: pino({ level: 'error' }, { write: (line: string) => void told.push(line) }),
  })
  const app = Fastify()
  await app.register(sankofaFastify, { sankofa: toolkit })
  app.get('/', () => 'ok')
  const from = (secret: string) => ({ [subjectHeader]: signSubject('visitor-1', secret) })

  await app.inject({ url: '/', headers: from('a secret for tests, long enough here') })
  expect(told).toEqual([])
  for (let n = 0; n < 3; n++) await app.inject({ url: '/', headers: from('another secret of another gateway') })
  await app.close()
  await toolkit.stop()

  expect(told).toHaveLength(1)
  expect(told[0]).toContain('signs with another secret')
})

test('time spent in other servers is counted, and the trace goes on to them', async ({ db }) => {
  const seen: unknown[] = []
  const other = Fastify()
  other.get('/', async (request) => {
    seen.push(request.headers.traceparent)
    await new Promise((resolve) => setTimeout(resolve, 30))
    return {}
  })
  await other.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => other.close())
  const otherUrl = `http://127.0.0.1:${(other.server.address() as AddressInfo).port}/`
  const service = await startService(db, (app) => {
    app.get('/through', async () => {
      await (await fetch(otherUrl)).json()
      return requestContext()?.timings
    })
  })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  const timings = (await (await fetch(`${service.url}/through`, { headers: { traceparent } })).json()) as {
    httpUs: number
  }

  await service.stop()
  expect(timings.httpUs).toBeGreaterThan(25_000)
  expect(seen).toEqual([traceparent])
})
