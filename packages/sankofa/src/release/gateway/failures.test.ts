import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from '#harness'
import { deadUpstream, inFlight, startBytes, startGateway, startService, until } from './testing/fixture.ts'
import type { Upstream } from './upstream.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('a release that refuses connections is made up for by the other, whatever the method and the body', async () => {
  const [dead, b] = [await deadUpstream('a'), await startService('b')]
  const { client, gateway, unanswered } = await startGateway(() => ({ upstream: dead, otherwise: b.upstream }))
  const raw = client()

  const got = await raw.get('/')
  const posted = await raw.post('/', 'x'.repeat(300_000))

  expect([got.status, posted.status]).toEqual([200, 200])
  expect(JSON.parse(posted.body)).toMatchObject({ release: 'b', body: 'x'.repeat(300_000) })
  expect(unanswered).toMatchObject([
    { release: 'a', reason: 'refused', method: 'GET', savedBy: 'b', key: expect.stringMatching(/^visitor-/) },
    { release: 'a', reason: 'refused', method: 'POST', savedBy: 'b' },
  ])
  expect(Math.abs((unanswered[0]?.startedMs ?? 0) - Date.now())).toBeLessThan(10_000)
  await until(() => gateway.status().inFlight === 0)
})

test('when no release can be reached it is 502, told once', async () => {
  const [a, b] = [await deadUpstream('a'), await deadUpstream('b')]
  const { client, gateway, unanswered } = await startGateway(() => ({ upstream: a, otherwise: b }))

  expect((await client().post('/', 'x')).status).toBe(502)
  expect(unanswered).toMatchObject([{ release: 'a', reason: 'refused' }])
  expect(unanswered[0]).not.toHaveProperty('savedBy')
  expect(gateway.status().inFlight).toBe(0)
})

test('a release that started again elsewhere is found while the request waits', async () => {
  const [dead, again] = [await deadUpstream('a'), await startService('a')]
  let asked = 0
  const { client, unanswered } = await startGateway(() => {
    asked += 1
    return { upstream: asked === 1 ? dead : again.upstream }
  })

  expect((await client().post('/', 'x')).status).toBe(200)
  expect(unanswered).toEqual([])
})

test('a POST whose connection broke is never sent again, not even to another release', async () => {
  const a = await startBytes('a', (socket) => {
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk
      if (heard.endsWith('hello') || heard.includes('content-length: 0')) socket.destroy()
    })
  })
  const b = await startService('b')
  const { client, gateway, unanswered } = await startGateway(() => ({ upstream: a.upstream, otherwise: b.upstream }))
  const raw = client()

  const answer = await raw.post('/', 'hello')
  const second = await raw.post('/', '')

  expect([answer.status, second.status]).toEqual([502, 502])
  expect(a.sockets).toHaveLength(2)
  expect(b.seen).toEqual([])
  expect(unanswered).toMatchObject([
    { release: 'a', reason: 'reset' },
    { release: 'a', reason: 'reset' },
  ])
  expect(gateway.status().inFlight).toBe(0)
})

test('a GET that met a closing connection is sent to the same release again, over a new one, and nobody is told', async () => {
  let answered = 0
  // The first connection answers once and dies at its second request, as an idle one does that is just being closed.
  const a = await startBytes('a', (socket) => {
    let mine = 0
    socket.on('data', () => {
      mine += 1
      answered += 1
      if (a.sockets[0] === socket && mine > 1) socket.resetAndDestroy()
      else socket.write(ok)
    })
  })
  const b = await startService('b')
  const { client, gateway, unanswered } = await startGateway(() => ({ upstream: a.upstream, otherwise: b.upstream }))
  const raw = client()

  expect([(await raw.get('/')).status, (await raw.get('/')).status]).toEqual([200, 200])

  expect([a.sockets.length, answered, b.seen.length]).toEqual([2, 3, 0])
  expect(unanswered).toEqual([])
  await until(() => gateway.status().inFlight === 0)
})

test('a GET that breaks every connection is saved by the other release, and told', async () => {
  const a = await startBytes('a', (socket) => socket.on('data', () => socket.destroy()))
  const b = await startService('b')
  const { client, unanswered } = await startGateway(() => ({ upstream: a.upstream, otherwise: b.upstream }))

  expect((await client().get('/')).status).toBe(200)
  expect(a.sockets).toHaveLength(2)
  expect(unanswered).toMatchObject([{ release: 'a', reason: 'reset', savedBy: 'b' }])
})

test('an idle connection to a release is left before the release closes it', async () => {
  const closedByGateway: boolean[] = []
  const service = await startService('a')
  service.server.keepAliveTimeout = 5_000
  service.server.on('connection', (socket) => socket.once('end', () => closedByGateway.push(true)))
  const { client } = await startGateway(service.upstream)

  await client().get('/')
  const idleFrom = performance.now()
  await until(() => closedByGateway.length === 1, 4_500)

  expect(performance.now() - idleFrom).toBeGreaterThan(2_000)
})

test('an idle connection that the release has closed is not used for a POST', async () => {
  const a = await startBytes('a', (socket) => {
    let heard = ''
    let closing: NodeJS.Timeout | undefined
    socket.on('data', (chunk) => {
      clearTimeout(closing)
      heard += chunk
      if (!heard.endsWith('hello')) return
      heard = ''
      socket.write(ok)
      closing = setTimeout(() => socket.end(), 50)
    })
  })
  const { client, unanswered } = await startGateway(a.upstream)
  const raw = client()

  // Not at the very moment: whoever sends while the other closes cannot know it.
  for (const pauseMs of [0, 0, 300, 300, 0, 300, 0]) {
    expect((await raw.post('/', 'hello')).status).toBe(200)
    await wait(pauseMs)
  }
  expect(a.sockets).toHaveLength(4)
  expect(unanswered).toEqual([])
})

test('an answer that breaks off is cut at the client too, and told', async () => {
  const a = await startBytes('a', (socket) =>
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      setTimeout(() => socket.destroy(), 20)
    }),
  )
  const chunked = await startBytes('a', (socket) =>
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
      setTimeout(() => socket.destroy(), 20)
    }),
  )
  const { client, gateway, unanswered } = await startGateway(a.upstream)
  const other = await startGateway(chunked.upstream)

  await expect(client().get('/')).rejects.toThrow(/ended while "?100 bytes/)
  await expect(other.client().get('/')).rejects.toThrow(/ended/)
  expect([...unanswered, ...other.unanswered]).toMatchObject([{ reason: 'reset' }, { reason: 'reset' }])
  await until(() => gateway.status().inFlight === 0 && other.gateway.status().inFlight === 0)
})

test('what is no HTTP is 502 and not tried again', async () => {
  const a = await startBytes('a', (socket) => socket.on('data', () => socket.write('SSH-2.0-OpenSSH\r\n\r\n')))
  const b = await startService('b')
  const { client, unanswered } = await startGateway(() => ({ upstream: a.upstream, otherwise: b.upstream }))

  expect((await client().get('/')).status).toBe(502)
  expect(unanswered).toMatchObject([{ release: 'a', reason: 'reset' }])
  expect([a.sockets.length, b.seen.length]).toEqual([1, 0])
})

test('silence is told while the request goes on, and ends in 504', async () => {
  const a = await startService('a', (request, response) => {
    if (request.url === '/late') setTimeout(() => response.end('late'), 1_500)
  })
  const { client, gateway, unanswered } = await startGateway(a.upstream, {
    limits: { silentAfterMs: 500, answerWithinMs: 3_000 },
  })
  const [late, never] = [client(), client()]

  const [answered, cut] = await Promise.all([late.get('/late'), never.post('/never', 'x')])

  expect([answered.status, cut.status]).toEqual([200, 504])
  expect(unanswered.map(({ reason, method }) => `${method} ${reason}`).sort()).toEqual([
    'GET silent',
    'POST silent',
    'POST timeout',
  ])
  expect(gateway.status().inFlight).toBe(0)
  expect((await never.get('/late')).status).toBe(200)
})

test('a client that is slow with its upload is not a release that is silent', async () => {
  const a = await startService('a')
  const { client, unanswered } = await startGateway(a.upstream, { limits: { silentAfterMs: 300, answerWithinMs: 800 } })
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  await wait(1_800)

  expect((await raw.send('world').answer()).status).toBe(200)
  expect(unanswered).toEqual([])
})

test('an address that does not connect is given up after its time', async () => {
  const b = await startService('b')
  const full = await startFull('a')
  const { client, unanswered } = await startGateway(() => ({ upstream: full, otherwise: b.upstream }), {
    limits: { connectTimeoutMs: 500 },
  })

  expect((await client().post('/', 'x')).status).toBe(200)
  expect(unanswered).toMatchObject([{ release: 'a', reason: 'timeout', savedBy: 'b' }])
})

test('a client that leaves while the release thinks is told to nobody, and counted nowhere', async () => {
  let isLeft = false
  const a = await startService('a', (_, response) => {
    response.on('close', () => {
      isLeft = true
    })
  })
  const { client, gateway, unanswered } = await startGateway(a.upstream)
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
  await until(() => inFlight(gateway).a === 1)

  raw.close()

  await until(() => isLeft && inFlight(gateway).a === 0)
  expect(unanswered).toEqual([])
})

test('a client that leaves while a connection is tried is counted no longer, and nothing is sent for it', async () => {
  const [full, b] = [await startFull('a'), await startService('b')]
  const { client, gateway, unanswered } = await startGateway(() => ({ upstream: full, otherwise: b.upstream }), {
    limits: { connectTimeoutMs: 1_500 },
  })
  const raw = client().send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
  await until(() => inFlight(gateway).a === 1)

  raw.close()
  const leftMs = performance.now()
  await until(() => inFlight(gateway).a === 0)

  expect(performance.now() - leftMs).toBeLessThan(700)
  await wait(2_500)
  expect([b.seen, unanswered]).toEqual([[], []])
})

/** A process that stands still with its backlog full: the system completes no more connections to it. */
async function startFull(release: string): Promise<Upstream> {
  const code = `const server = require('node:net').createServer().listen(
    { port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = Number(String((await once(child.stdout, 'data'))[0]))
  child.kill('SIGSTOP')
  const held = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  onTestFinished(() => {
    for (const socket of held) socket.destroy()
    child.kill('SIGKILL')
  })
  await wait(200)
  return { release, origin: `http://127.0.0.1:${port}` }
}
