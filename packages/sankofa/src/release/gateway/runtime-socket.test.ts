import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from '#harness'
import { gatewayClient } from './runtime-client.ts'
import { type RuntimeSocketOptions, serveRuntimeSocket } from './runtime-socket.ts'
import { startGateway, startService } from './testing/fixture.ts'
import type { Upstream } from './upstream.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gw-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const nothing = { setUpstreams: async () => {}, drain: () => {}, log: pino({ level: 'silent' }) }

test('a gateway is asked and told over a socket that only its user may open', async () => {
  const service = await startService('a')
  const { gateway, client } = await startGateway(service.upstream)
  const path = join(folder(), 'gateway.sock')
  let kept: readonly Upstream[] = []
  let drained = 0
  const runtime = await serveRuntimeSocket({
    ...nothing,
    path,
    status: gateway.status,
    setUpstreams: async (list) => {
      kept = list
    },
    drain: () => {
      drained += 1
    },
  })
  const told = gatewayClient(path)
  await client().get('/')

  await told.setUpstreams([service.upstream])
  await told.drain()

  expect(await told.status()).toMatchObject({
    pid: process.pid,
    isDraining: false,
    releases: [{ release: 'a', inFlight: 0, total: 1, upgraded: 0 }],
  })
  expect([kept, drained]).toEqual([[service.upstream], 1])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await runtime.close()
  await expect(told.status()).rejects.toMatchObject({ code: 'GATEWAY_SILENT' })
})

test('a list that is none is refused, and what the gateway cannot keep is an error', async () => {
  const path = join(folder(), 'gateway.sock')
  const { gateway } = await startGateway({ release: 'a', origin: 'http://127.0.0.1:1' })
  const runtime = await serveRuntimeSocket({
    ...nothing,
    path,
    status: gateway.status,
    setUpstreams: async () => {
      throw new Error('the disk is full')
    },
  })
  const put = (body: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ socketPath: path, method: 'PUT', path: '/upstreams' }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end(body)
    })

  for (const body of [
    '',
    '{}',
    '[{"release":"a"}]',
    '[{"release":"a","origin":"ftp://a"}]',
    '[1',
    `"${'x'.repeat(300_000)}"`,
  ])
    expect(await put(body)).toBe(400)
  await expect(gatewayClient(path).setUpstreams([])).rejects.toThrow(/the disk is full/)
  await runtime.close()
})

test('a newer gateway takes the path over, and the older one leaves it alone when it ends', async () => {
  const path = join(folder(), 'gateway.sock')
  const status =
    (connections: number): RuntimeSocketOptions['status'] =>
    () => ({
      pid: 1,
      isDraining: false,
      connections,
      upgraded: 0,
      inFlight: 0,
      releases: [],
    })
  const older = await serveRuntimeSocket({ ...nothing, path, status: status(1) })
  const newer = await serveRuntimeSocket({ ...nothing, path, status: status(2) })

  expect((await gatewayClient(path).status()).connections).toBe(2)
  await older.close()
  expect((await gatewayClient(path).status()).connections).toBe(2)
  await newer.close()
})

test('a path that is too long for the system is refused with what to do', async () => {
  await expect(
    serveRuntimeSocket({
      ...nothing,
      path: `/tmp/${'x'.repeat(100)}`,
      status: () => {
        throw new Error('not asked')
      },
    }),
  ).rejects.toMatchObject({ code: 'GATEWAY_SOCKET_PATH' })
})
