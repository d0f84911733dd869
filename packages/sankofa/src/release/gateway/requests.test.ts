import { fastifyCookie } from '@fastify/cookie'
import { expect, test } from '#harness'
import { newVisitor } from '../../observe/index.ts'
import { visitorCookie } from './subject.ts'
import { secret, startBytes, startGateway, startService } from './testing/fixture.ts'

const visitor = newVisitor(secret, false)
const cookie = visitor.setCookie.slice(0, visitor.setCookie.indexOf(';'))

test('the gateway knows the name of the visitor cookie', () => {
  expect(visitor.setCookie.startsWith(`${visitorCookie}=`)).toBe(true)
})

test('each request of one connection goes where its own key was drawn', async () => {
  const [a, b] = [await startService('a'), await startService('b')]
  const users = ['ama', 'kofi', 'esi', 'yaw', 'adjoa', 'kwame', 'abena', 'kojo']
  const keys = new Set<string>()
  const { client } = await startGateway(
    (key) => {
      keys.add(key)
      return { upstream: key.charCodeAt(5) % 2 === 0 ? a.upstream : b.upstream }
    },
    { keyFrom: [{ header: 'X-User' }] },
  )
  const raw = client()
  const first = new Map<string, string>()

  for (const user of [...users, ...users]) {
    const { release } = JSON.parse((await raw.get('/', `x-user: ${user}\r\n`)).body)
    expect(first.get(user) ?? release).toBe(release)
    first.set(user, release)
  }

  expect(keys.size).toBe(users.length)
  expect([...keys].join()).not.toMatch(new RegExp(users.join('|')))
  expect(new Set(first.values())).toEqual(new Set(['a', 'b']))
})

test('a configured cookie is the key, and one value under two names is two keys', async () => {
  const service = await startService('a')
  const keys: string[] = []
  const { client } = await startGateway(
    (key) => {
      keys.push(key)
      return { upstream: service.upstream }
    },
    { keyFrom: [{ cookie: 'session' }, { cookie: 'other' }] },
  )

  for (const cookies of ['session=1; other=2', 'x=1; session=1', 'other=1', 'xsession=1; session=1'])
    expect((await client().get('/', `cookie: ${cookies}\r\n`)).headers['set-cookie']).toBeUndefined()

  expect(keys[0]).toBe(keys[1])
  expect(keys[0]).toBe(keys[3])
  expect(keys[2]).not.toBe(keys[0])
})

test('a newcomer gets the visitor cookie once, and the service sees it with the first request', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream)
  const raw = client()

  const first = await raw.get('/', 'cookie: theme=dark; sankofa_s=forged.signature\r\n')
  const [set = ''] = first.headers['set-cookie'] ?? []
  const given = set.slice(0, set.indexOf(';'))
  const second = await raw.get('/', `cookie: ${given}; theme=dark\r\n`)

  expect(set).toMatch(/^sankofa_s=visitor-[\w-]+\.[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
  expect(second.headers['set-cookie']).toBeUndefined()
  expect(service.seen[0]?.headers.cookie).toBe(`${given}; theme=dark; sankofa_s=forged.signature`)
  expect(service.seen[1]?.headers.cookie).toBe(`${given}; theme=dark`)
  const subjects = service.seen.map((one) => one.headers['x-sankofa-subject'])
  expect(subjects[0]).toBe(subjects[1])
  expect(fastifyCookie.unsign(String(subjects[0]), secret)).toMatchObject({ valid: true })
})

test('an answer that caches may keep for everybody sets no cookie', async () => {
  const service = await startService('a', (_, response) => {
    response.setHeader('cache-control', 'public, max-age=60')
    response.end('logo')
  })
  const { client } = await startGateway(service.upstream)

  expect((await client().get('/logo')).headers['set-cookie']).toBeUndefined()
})

test('what comes from outside under our names, however it is written, does not reach a service', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream)

  await client().get(
    '/',
    `cookie: ${cookie}\r\nX-Sankofa-Subject: forged\r\nx_sankofa_subject: forged\r\nX-SANKOFA-Arm: next\r\nx-kept: 1\r\n`,
  )

  const { rawHeaders = [], headers } = service.seen[0] ?? {}
  expect(rawHeaders.join('\n')).not.toMatch(/forged|arm/i)
  expect(headers?.['x-sankofa-subject']).toBe(cookie.slice('sankofa_s='.length))
  expect(headers?.['x-kept']).toBe('1')
})

test('a header that only looks like one that frames a request frames none, and does not reach a service', async () => {
  const service = await startService('a')
  const { client, gateway } = await startGateway(service.upstream)
  const raw = client()

  const looksAlike = 'Content_Length: 44\r\nTransfer_Encoding: chunked\r\nX_Forwarded_For: 6.6.6.6\r\n'
  expect((await raw.get('/', 'Content_Length: 44\r\n')).status).toBe(200)
  expect((await raw.get('/', 'Transfer_Encoding: chunked\r\n')).status).toBe(200)
  expect((await raw.post('/', 'whole', looksAlike)).status).toBe(200)

  expect(service.seen.map(({ body }) => body)).toEqual(['', '', 'whole'])
  expect(service.seen.flatMap(({ rawHeaders }) => rawHeaders).join('\n')).not.toMatch(/_length|_encoding|6\.6\.6\.6/i)
  expect(gateway.status().inFlight).toBe(0)
})

test('a Host that names no host is refused', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream)
  const raw = client()

  for (const host of ['a b', 'a/../b', 'a@b', 'a?b', 'a"b', 'a<b>'])
    expect((await raw.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).answer()).status).toBe(400)
  for (const host of ['shop.test:8080', '[::1]:80', 'my_shop.local', '127.0.0.1'])
    expect((await raw.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).answer()).status).toBe(200)
  expect(service.seen).toHaveLength(4)
})

test('headers of one connection are not passed on, in either direction, nor those that Connection names', async () => {
  const service = await startBytes('a', (socket) => {
    socket.on('data', (chunk) => {
      const isGone = String(chunk).includes('x-mine')
      socket.write(
        `HTTP/1.1 200 OK\r\nConnection: close, x-yours\r\nX-Yours: 1\r\nKeep-Alive: timeout=1\r\nX-Kept: ${isGone}\r\nContent-Length: 2\r\n\r\nok`,
      )
      socket.end()
    })
  })
  const { client } = await startGateway(service.upstream)
  const raw = client()

  const answers = []
  for (let n = 0; n < 3; n += 1)
    answers.push(
      await raw.get(
        '/',
        'Connection: keep-alive, X-Mine, Host, Content-Length\r\nX-Mine: 1\r\nTE: trailers\r\nKeep-Alive: timeout=9\r\nProxy-Authorization: x\r\n',
      ),
    )

  // Three over one connection, though the upstream ended its own each time.
  for (const { headers, body } of answers) {
    expect(body).toBe('ok')
    expect(headers.connection).toEqual(['keep-alive'])
    expect(headers['keep-alive']).toEqual(['timeout=65'])
    expect(headers['x-yours']).toBeUndefined()
    expect(headers['x-kept']).toEqual(['false'])
  }
})

test('X-Forwarded-* are the gateway’s own, unless a trusted proxy stands in front', async () => {
  const service = await startService('a')
  const forwarded =
    'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Prefix: /evil\r\n'
  const open = await startGateway(service.upstream)
  const behind = await startGateway(service.upstream, { trusted: ['10.0.0.0/8', '127.0.0.1'] })

  await open.client().get('/', forwarded)
  const seenBehind = await behind.client().get('/', forwarded)

  const [first, second] = service.seen.map((one) => one.headers)
  expect(first).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.test',
  })
  expect(JSON.stringify(first)).not.toMatch(/6\.6\.6\.6|evil/)
  expect(second).toMatchObject({
    'x-forwarded-for': '6.6.6.6, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.test',
    forwarded: 'for=6.6.6.6',
    'x-real-ip': '6.6.6.6',
  })
  expect(seenBehind.headers['set-cookie']?.[0]).toContain('; Secure')
  await expect(startGateway(service.upstream, { trusted: ['localhost', '10.0.0.0/40'] })).rejects.toThrow(
    /"localhost".*\n.*"10.0.0.0\/40"/,
  )
})

test('a request id and a trace are passed on when they are ones, and begun when not', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream)
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'

  await client().get('/', `X-Request-Id: order-7\r\nTraceparent: ${trace}\r\nTracestate: a=1\r\n`)
  await client().get('/', 'X-Request-Id: token:abc secret\r\nTraceparent: 00-zz\r\nTracestate: a=1\r\n')
  await client().get(
    '/',
    'X-Request-Id: token:abcdef\r\nTraceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-00\r\n',
  )

  const [kept, ...made] = service.seen.map((one) => one.headers)
  expect(kept).toMatchObject({ 'x-request-id': 'order-7', traceparent: trace, tracestate: 'a=1' })
  for (const headers of made) {
    expect(headers['x-request-id']).toMatch(/^[\w-]{12}-\w+$/)
    expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(headers.tracestate).toBeUndefined()
  }
})

test('HEAD, 204 and 304 have no body and the connection goes on', async () => {
  const service = await startService('a', (request, response) => {
    if (request.url === '/204') response.writeHead(204)
    else if (request.url === '/304') response.writeHead(304, { etag: '"1"', 'content-length': '5' })
    else response.writeHead(200, { 'content-length': '5' })
    response.end(request.url === '/' && request.method === 'GET' ? 'hello' : undefined)
  })
  const { client } = await startGateway(service.upstream)
  const raw = client()

  const head = await raw.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n').answer('HEAD')
  const none = await raw.get('/204')
  const same = await raw.get('/304')
  const whole = await raw.get('/')

  expect([head.status, head.headers['content-length']]).toEqual([200, ['5']])
  expect([none.status, none.headers['content-length'], none.headers['transfer-encoding']]).toEqual([
    204,
    undefined,
    undefined,
  ])
  expect([same.status, same.headers.etag]).toEqual([304, ['"1"']])
  expect(whole.body).toBe('hello')
})

test('several requests sent without waiting are answered in their order', async () => {
  const service = await startService('a', (request, response) => {
    setTimeout(() => response.end(request.url), request.url === '/1' ? 50 : 0)
  })
  const { client } = await startGateway(service.upstream)
  const raw = client().send([1, 2, 3].map((n) => `GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))

  expect([(await raw.answer()).body, (await raw.answer()).body, (await raw.answer()).body]).toEqual(['/1', '/2', '/3'])
})

test('bytes of headers and bodies come through as they are', async () => {
  const service = await startBytes('a', (socket) => {
    socket.on('data', (chunk) => {
      const [, sent = ''] = /x-name: ([^\r]*)/.exec(chunk.toString('latin1')) ?? []
      const body = Buffer.from([0, 255, 254, 13, 10, 128])
      socket.write(
        `HTTP/1.1 200 Très bien\r\nX-Name: ${sent}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 6\r\n\r\n`,
        'latin1',
      )
      socket.write(body)
    })
  })
  const { client } = await startGateway(service.upstream)

  const answer = await client()
    .send(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\ncookie: ${cookie}\r\nx-name: caf\u00e9\r\n\r\n`, 'latin1'))
    .answer()

  expect(answer.headers['x-name']).toEqual(['caf\u00e9'])
  expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  expect(Buffer.from(answer.body, 'latin1')).toEqual(Buffer.from([0, 255, 254, 13, 10, 128]))
})

test('the release is named in an answer only when that was asked for', async () => {
  const service = await startService('a1b2c3')
  const [plain, showing] = [
    await startGateway(service.upstream),
    await startGateway(service.upstream, { showRelease: true }),
  ]

  expect((await plain.client().get('/')).headers['x-sankofa-release']).toBeUndefined()
  expect((await showing.client().get('/')).headers['x-sankofa-release']).toEqual(['a1b2c3'])
})

test('without a release there is 503 with Retry-After, and the connection goes on', async () => {
  const service = await startService('a')
  let isThere = false
  const { client } = await startGateway(() => (isThere ? { upstream: service.upstream } : undefined))
  const raw = client()

  const refused = await raw.post('/', 'x'.repeat(1_000))
  isThere = true
  const taken = await raw.get('/')

  expect([refused.status, refused.headers['retry-after']]).toEqual([503, ['1']])
  expect(taken.status).toBe(200)
})

test('the whole address as the target of a request counts, and its host with it', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream)

  const answer = await client().send('GET http://shop.test/x?y HTTP/1.1\r\nHost: other.test\r\n\r\n').answer()

  expect(JSON.parse(answer.body).path).toBe('/x?y')
  expect(service.seen[0]?.headers).toMatchObject({ host: 'shop.test', 'x-forwarded-host': 'shop.test' })
  expect((await client().send('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n').answer()).status).toBe(400)
  expect((await client().send('TRACE / HTTP/1.1\r\nHost: a\r\n\r\n').answer()).status).toBe(405)
})
