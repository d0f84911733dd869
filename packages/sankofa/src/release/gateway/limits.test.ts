import { expect, test } from '#harness'
import { startGateway, startService, until } from './testing/fixture.ts'

const smuggled = [
  ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
  ['the same length twice', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'chunks and a length',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  ],
  ['a list of lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello'],
  ['a signed length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello'],
  ['a hexadecimal length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello'],
  ['an unknown coding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  [
    'chunked twice',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['chunked not last', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ['a coding with a tab', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n'],
  ['space before the colon', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
  ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n Content-Length: 5\r\n\r\nhello'],
  ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['a line feed in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\nX-Sankofa-Subject: forged\r\n\r\n'],
  ['no host', 'GET / HTTP/1.1\r\nX-A: 1\r\n\r\n'],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a nameless header', 'GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n'],
  ['a bad chunk size', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n'],
  ['chunks of HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a relative address', 'GET x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.0\r\n'],
] as const

test.each(smuggled)('%s: refused, and nothing of it is answered by a service', async (_, text) => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream)

  const answer = await client().send(text).answer()

  expect([400, 501]).toContain(answer.status)
  expect(service.seen).toEqual([])
})

test('a header too long or one too many is answered 431', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream, { limits: { headerBytes: 4_096, headerCount: 20 } })

  const most = await client().get('/', 'x-a: 1\r\n'.repeat(19))
  const many = await client().get('/', 'x-a: 1\r\n'.repeat(20))
  const long = await client().get('/', `x-a: ${'x'.repeat(5_000)}\r\n`)

  expect([most.status, many.status, long.status]).toEqual([200, 431, 431])
  expect(service.seen).toHaveLength(1)
})

test('a client that is slow with its head or its body is cut', async () => {
  const service = await startService('a')
  const { client, gateway, unanswered } = await startGateway(service.upstream, {
    limits: { headersTimeoutMs: 300, requestTimeoutMs: 700 },
  })
  const head = client().send('GET / HTTP/1.1\r\nHost: a\r\n')
  const body = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe')
  const mute = client()

  expect((await head.answer()).status).toBe(408)
  await body.closed
  await mute.closed
  await until(() => gateway.status().connections === 0 && gateway.status().inFlight === 0)
  expect(service.seen).toEqual([])
  expect(unanswered).toEqual([])
})

test('an idle connection is closed after its time', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream, { limits: { keepAliveTimeoutMs: 300 } })
  const raw = client()

  expect((await raw.get('/')).headers['keep-alive']).toEqual(['timeout=0'])
  await raw.closed
})

test('a connection has so many requests and no more, the last of them answered', async () => {
  const service = await startService('a')
  const { client } = await startGateway(service.upstream, { limits: { requestsPerConnection: 3 } })
  const raw = client()

  const said = []
  for (let n = 0; n < 3; n += 1) said.push((await raw.get('/')).headers.connection?.[0])
  await raw.closed

  expect(said).toEqual(['keep-alive', 'keep-alive', 'close'])
})

test('too many connections are told 503, far too many are cut, and there is room again when some leave', async () => {
  const service = await startService('a')
  const { client, gateway } = await startGateway(service.upstream, { limits: { connections: 10 } })
  const held = Array.from({ length: 10 }, () => client())
  for (const raw of held) expect((await raw.get('/')).status).toBe(200)

  const told = client()
  const answer = await told.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').answer()
  await told.closed
  const waiting = client()
  await until(() => gateway.status().connections === 11)
  const cut = client()
  await cut.closed

  expect([answer.status, answer.headers['retry-after'], answer.headers.connection]).toEqual([503, ['1'], ['close']])
  for (const raw of [waiting, ...held]) raw.close()
  await until(() => gateway.status().connections === 0)
  expect((await client().get('/')).status).toBe(200)
})
