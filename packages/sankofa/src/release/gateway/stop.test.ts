import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '#harness'
import { defaultGatewayLimits } from './limits.ts'
import { startGateway, startService, until } from './testing/fixture.ts'
import { createUpstreams } from './upstreams.ts'

test('a gateway that stops answers what comes on its connections, each for the last time, and lets nobody new in', async () => {
  let finish: () => void = () => {}
  const service = await startService('a', (request, response) => {
    if (request.url === '/slow') finish = () => response.end('slow')
    else response.end('ok')
  })
  const { gateway, client } = await startGateway(service.upstream)
  const [idle, slow, quiet] = [client(), client(), client()]
  await idle.get('/')
  await quiet.get('/')
  slow.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => gateway.status().inFlight === 1)

  const stopped = gateway.stop({ graceMs: 300 })
  await wait(100)
  const last = await idle.get('/')
  const refused = client()
  await expect(refused.get('/')).rejects.toThrow(/ended/)
  expect([gateway.status().isDraining, quiet.isEnded]).toEqual([true, false])
  await quiet.closed
  finish()
  const slowly = await slow.answer()
  await stopped

  expect([last.status, last.headers.connection]).toEqual([200, ['close']])
  expect([slowly.body, slowly.headers.connection]).toEqual(['slow', ['close']])
  expect(gateway.status()).toMatchObject({ connections: 0, inFlight: 0 })
})

test('a tunnel lives until the end of the time that a stop was given', async () => {
  const service = await startService('a')
  service.server.on('upgrade', (_, socket: Socket) => {
    socket.on('error', () => {}).write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    socket.pipe(socket)
  })
  const { gateway, client } = await startGateway(service.upstream)
  const raw = client().send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  await raw.upTo('\r\n\r\n')

  const stopped = gateway.stop({ graceMs: 0, withinMs: 400 })
  await wait(150)
  expect(await raw.send('still here').upTo('still here')).toBe('still here')
  await stopped

  expect(raw.isEnded).toBe(true)
  await until(() => gateway.status().connections === 0 && gateway.status().upgraded === 0)
})

test('connections to an address that nothing is sent to any more are closed when the last request there has ended', () => {
  const upstreams = createUpstreams(defaultGatewayLimits)
  const place = upstreams.enter({ release: 'a', origin: 'http://127.0.0.1:1' })
  const start = performance.now()

  upstreams.tidy(start)
  upstreams.tidy(start + 60_000)
  expect(place.pool.closed).toBe(false)
  upstreams.leave(place)
  upstreams.tidy(start + 61_000)
  expect(place.pool.closed).toBe(false)
  upstreams.tidy(start + 90_000)

  expect(place.pool.closed).toBe(true)
  expect(upstreams.traffic()).toEqual([{ release: 'a', inFlight: 0, total: 1, upgraded: 0 }])
})

test('what throws while it is asked costs one request, not the gateway', async () => {
  const service = await startService('a')
  let isBroken = true
  const { client } = await startGateway(
    () => {
      if (isBroken) throw new Error('broken')
      return { upstream: service.upstream }
    },
    {
      onUnanswered: () => {
        throw new Error('broken too')
      },
    },
  )
  const raw = client()

  const refused = await raw.get('/')
  isBroken = false
  const answered = await raw.get('/')
  await service.stop()
  const dead = await raw.get('/')

  expect([refused.status, answered.status, dead.status]).toEqual([503, 200, 502])
})

test('over TLS a gateway says https to the service, and drains as without it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gw-'))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=shop.test',
      '-keyout',
      keyFile,
      '-out',
      certFile,
    ],
    { stdio: 'ignore' },
  )
  const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
  rmSync(folder, { recursive: true })
  const service = await startService('a')
  const { gateway, client } = await startGateway(service.upstream, { tls })
  const raw = client({ tls: true })

  const first = await raw.post('/', 'x'.repeat(100_000))
  const stopped = gateway.stop({ graceMs: 300 })
  const last = await raw.get('/')
  await stopped

  expect([first.status, last.status, last.headers.connection]).toEqual([200, 200, ['close']])
  expect(first.headers['set-cookie']?.[0]).toContain('; Secure')
  expect(service.seen[0]?.headers['x-forwarded-proto']).toBe('https')
})
