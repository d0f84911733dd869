import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '#harness'
import { inFlight, startGateway, startService, until } from './testing/fixture.ts'

test('a body of known length and one in chunks reach the service whole', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream)
  const raw = client()

  const known = await raw.post('/', 'x'.repeat(200_000))
  const chunked = await raw
    .send(
      'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n',
    )
    .answer()
  const none = await raw.post('/', '')

  expect(JSON.parse(known.body).body).toHaveLength(200_000)
  expect(JSON.parse(chunked.body).body).toBe('hello world')
  expect(service.seen[1]?.headers['transfer-encoding']).toBe('chunked')
  expect(JSON.parse(none.body).body).toBe('')
})

test('a body goes on as it comes: nobody waits for the whole of it', async () => {
  const service = await startService('a', (request, response) => {
    request.on('data', (chunk) => response.write(`got ${chunk}`)).on('end', () => response.end('end'))
  })
  const { client } = await startGateway(service.upstream)
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')

  raw.send('3\r\none\r\n')
  await raw.upTo('\r\n\r\n')
  expect(await raw.chunk()).toBe('got one')
  raw.send('3\r\ntwo\r\n')
  expect(await raw.chunk()).toBe('got two')
  raw.send('0\r\n\r\n')
  expect(await raw.chunk()).toBe('end')
})

test('100 Continue is said when a release takes the body, and not when none does', async () => {
  const service = await startService('a')
  let isThere = true
  const { client } = await startGateway(() => (isThere ? { upstream: service.upstream } : undefined))
  const expecting = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'

  const raw = client().send(expecting)
  const first = await raw.answer()
  const then = await raw.send('hello').answer()
  isThere = false
  const refused = client().send(expecting)
  const no = await refused.answer()

  expect([first.status, then.status, JSON.parse(then.body).body]).toEqual([100, 200, 'hello'])
  expect(then.headers.connection).toEqual(['keep-alive'])
  // The body may come or not: what follows could not be told from it.
  expect([no.status, no.headers.connection]).toEqual([503, ['close']])
  expect(service.seen[0]?.headers.expect).toBeUndefined()
  expect((await client().send(expecting.replace('100-continue', 'more')).answer()).status).toBe(417)
})

test('a service that takes nothing holds the client back: the gateway keeps little', async () => {
  let isAsked = false
  const service = await startService('a', () => {
    isAsked = true
  })
  const { client, gateway, unanswered } = await startGateway(service.upstream, {
    limits: { bodyBytes: 1e12, silentAfterMs: 4_000, answerWithinMs: 5_000 },
  })
  const raw = client().send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${1e11}\r\n\r\n`)
  const chunk = Buffer.alloc(256 * 1024)
  let sent = 0
  const fill = (): void => {
    while (sent < 500) {
      sent += 1
      if (!raw.socket.write(chunk)) break
    }
  }
  raw.socket.on('drain', fill)
  const before = process.memoryUsage()
  fill()

  await until(() => isAsked)
  // Nothing moved for a while.
  const moved = (): number => raw.socket.bytesWritten - raw.socket.writableLength
  for (let last = -1; last !== moved(); await wait(800)) last = moved()

  const after = process.memoryUsage()
  expect(sent).toBeLessThan(100)
  expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(40e6)
  // It is the service that is silent, and what it holds is let go of.
  await until(() => inFlight(gateway).a === 0)
  expect(unanswered.map((one) => one.reason)).toEqual(['silent', 'timeout'])
  expect((await raw.answer()).status).toBe(504)
})

test('a client that reads nothing holds the service back, and is cut after a while', async () => {
  let written = 0
  let isCut = false
  const service = await startService('a', (_, response) => {
    const chunk = Buffer.alloc(256 * 1024)
    const fill = (): void => {
      while (written < 2_000 && !response.destroyed) {
        written += 1
        if (!response.write(chunk)) break
      }
    }
    response.on('drain', fill).on('close', () => {
      isCut = true
    })
    fill()
  })
  const { client, gateway, unanswered } = await startGateway(service.upstream, { limits: { writeStallMs: 700 } })
  const raw = client({ reading: false })
  raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')

  await until(() => written > 0)
  await until(() => isCut)

  expect(written).toBeLessThan(200)
  await until(() => inFlight(gateway).a === 0 && gateway.status().connections === 0)
  expect(unanswered).toEqual([])
})

test('a slow client that goes on reading gets the whole', async () => {
  const size = 8 * 1024 * 1024
  const service = await startService('a', (_, response) => response.end(Buffer.alloc(size, 'x')))
  const { client } = await startGateway(service.upstream, { limits: { writeStallMs: 400 } })
  const raw = client({ reading: false })
  raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  let read = 0
  // A little every 20 ms, for longer than the limit of a stall.
  while (read < size) {
    const chunk = raw.socket.read() as Buffer | null
    if (chunk !== null) read += chunk.length
    if (raw.isEnded) break
    await wait(20)
  }

  expect(read).toBeGreaterThanOrEqual(size)
})

test('events come at once, and a client that leaves ends the request at the service', async () => {
  let send: (text: string) => void = () => {}
  let isLeft = false
  const service = await startService('a', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    send = (text) => response.write(text)
    response.on('close', () => {
      isLeft = true
    })
  })
  const { client, gateway, unanswered } = await startGateway(service.upstream)
  const raw = client().send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n')

  const head = await raw.upTo('\r\n\r\n')
  send('data: 1\n\n')
  const one = await raw.chunk()
  send('data: 2\n\n')
  const two = await raw.chunk()
  expect(inFlight(gateway).a).toBe(1)
  raw.close()
  await until(() => isLeft && inFlight(gateway).a === 0)

  expect(head).toContain('text/event-stream')
  expect([one, two]).toEqual(['data: 1\n\n', 'data: 2\n\n'])
  expect(unanswered).toEqual([])
})

test('the head of an answer does not wait for a body that comes late', async () => {
  const service = await startService('a', (_, response) => {
    response.writeHead(200, { 'content-length': '2' }).flushHeaders()
  })
  const { client } = await startGateway(service.upstream)

  expect(await client().send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').upTo('\r\n\r\n')).toContain('content-length: 2')
})

test('trailers of an answer are passed on, and early hints', async () => {
  const service = await startService('a', (_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.writeHead(200, { trailer: 'X-Sum' })
    response.write('body')
    response.addTrailers({ 'X-Sum': '42' })
    response.end()
  })
  const { client } = await startGateway(service.upstream)
  const raw = client()

  const hint = await raw.get('/')
  const answer = await raw.answer()

  expect([hint.status, hint.headers.link]).toEqual([103, ['</style.css>; rel=preload']])
  expect([answer.body, answer.trailers.trim().toLowerCase()]).toEqual(['body', 'x-sum: 42'])
})

test('a body above the limit is answered 413, told beforehand or found on the way, and the client can read it', async () => {
  const service = await startService('a')
  const { client, gateway } = await startGateway(service.upstream, { limits: { bodyBytes: 100_000 } })
  const told = client().send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n${'x'.repeat(100_001)}`)
  const found = client().send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (let n = 0; n < 20; n += 1) found.send(`2710\r\n${'x'.repeat(10_000)}\r\n`)
  found.send('0\r\n\r\n')

  expect((await told.answer()).status).toBe(413)
  expect((await found.answer()).status).toBe(413)

  // Both bodies were let through, so both connections live.
  expect((await told.get('/')).status).toBe(200)
  expect((await found.get('/')).status).toBe(200)
  expect(service.seen.map((one) => one.method)).toEqual(['GET', 'GET'])
  await until(() => inFlight(gateway).a === 0)
})

test('an answer that comes before the body was read reaches the client whole', async () => {
  const service = await startService('a', (_, response) => {
    response.writeHead(403)
    response.end('no')
  })
  const { client, gateway } = await startGateway(service.upstream)
  const raw = client().send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${5_000_000}\r\n\r\n`)
  const answer = raw.send(Buffer.alloc(1_000_000)).answer()

  expect(await answer).toMatchObject({ status: 403, body: 'no' })
  raw.send(Buffer.alloc(4_000_000))
  expect((await raw.get('/')).status).toBe(403)
  await until(() => inFlight(gateway).a === 0)
})
