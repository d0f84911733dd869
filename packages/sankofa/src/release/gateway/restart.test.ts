import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from '#harness'
import { openListeningSocket } from '../host/listening-socket.ts'
import { gatewayClient } from './runtime-client.ts'
import { startService } from './testing/fixture.ts'
import { startLoad } from './testing/load.ts'
import { answerLoad, echoUpgrade } from './testing/loaded-service.ts'

const restarts = 10
const code = fileURLToPath(new URL('testing/gateway-child.ts', import.meta.url))

test('a gateway is replaced ten times under load, over a socket that its parent holds, and no request fails', {
  timeout: 90_000,
}, async () => {
  const service = await startService('a', answerLoad)
  service.server.on('upgrade', echoUpgrade)
  const folder = mkdtempSync(join(tmpdir(), 'gw-'))
  const path = join(folder, 'gateway.sock')
  const socket = openListeningSocket({ host: '127.0.0.1', port: 0, beside: false })
  const children: ChildProcess[] = []
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL')
    socket.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const client = gatewayClient(path)
  const startChild = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ['--conditions=sankofa-source', code, service.upstream.origin, path], {
      stdio: ['ignore', 'inherit', 'inherit', socket.fd],
    })
    children.push(child)
    const answers = async (): Promise<boolean> => (await client.status().catch(() => undefined))?.pid === child.pid
    while (!(await answers())) if (child.exitCode !== null) throw new Error(`The gateway ended with ${child.exitCode}.`)
    return child
  }

  const ended: Promise<number>[] = []
  let gateway = await startChild()
  const load = startLoad(socket.port ?? 0, { keepAlive: 6, newConnection: 3, upload: 1, stream: 1, upgrade: 1 })
  for (let n = 0; n < restarts; n += 1) {
    const old = gateway
    gateway = await startChild()
    ended.push(once(old, 'exit').then(([status]) => status))
    old.kill('SIGTERM')
  }
  await load.stop()

  expect(await Promise.all(ended)).toEqual(Array(restarts).fill(0))
  expect(load.failed).toEqual([])
  expect(load.done.keepAlive).toBeGreaterThan(100)
  expect(load.done.newConnection).toBeGreaterThan(100)
  expect((await client.status()).pid).toBe(gateway.pid)
})
