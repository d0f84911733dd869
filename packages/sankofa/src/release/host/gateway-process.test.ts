import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from '#harness'
import { type Layout, layoutOf } from '../layout.ts'
import { freePort } from './free-port.ts'
import { createGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import { type ListeningSocket, openListeningSocket } from './listening-socket.ts'
import { systemProcesses } from './process-identity.ts'
import { taggedProcesses } from './tagged-processes.ts'
import { becomes } from './testing/becomes.ts'
import { toyGateway } from './testing/toy-gateway.ts'

type TestGateway = {
  readonly layout: Layout
  port(): number
  usePort(port: number): void
  gateway(): GatewayProcess
  pids(): readonly number[]
}

function testGateway(): TestGateway {
  const layout = layoutOf(realpathSync(mkdtempSync(join(tmpdir(), 'sankofa-gw-'))))
  const command = toyGateway(layout.root)
  const all: GatewayProcess[] = []
  let port = 0
  const pids = () => taggedProcesses(layout.root).map((each) => each.process.pid)
  onTestFinished(async () => {
    for (const gateway of all) await gateway.stop('leave')
    for (const pid of pids()) process.kill(pid, 'SIGKILL')
    rmSync(layout.root, { recursive: true, force: true })
  })
  return {
    layout,
    port: () => port,
    usePort: (given) => {
      port = given
    },
    pids,
    gateway() {
      const open = (beside: boolean): ListeningSocket => {
        const socket = openListeningSocket({ host: '127.0.0.1', port, beside })
        port = socket.port ?? 0
        return socket
      }
      const log = pino({ level: process.env.HOST_LOG ?? 'silent' }, pino.destination(2))
      const gateway = createGatewayProcess({ layout, socket: open, command, log, readyWithinMs: 20_000 })
      all.push(gateway)
      return gateway
    },
  }
}

/** Asks as a strict client does: no retry. @returns the pid that answered */
function ask(port: number, agent: http.Agent | false, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, agent }, (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () => resolve(text))
        response.once('error', reject)
      })
      .once('error', reject)
  })
}

/** Keep-alive and new connections without a pause until it is stopped. */
function load(port: () => number): {
  stop(): Promise<{ answered: number; failed: readonly string[]; by: Set<string> }>
} {
  let isOver = false
  let answered = 0
  const failed: string[] = []
  const by = new Set<string>()
  const client = async (keepAlive: boolean, path: string): Promise<void> => {
    const agent = keepAlive ? new http.Agent({ keepAlive: true, maxSockets: 1 }) : false
    while (!isOver) {
      try {
        by.add(await ask(port(), agent, path))
        answered++
      } catch (error) {
        failed.push((error as NodeJS.ErrnoException).code ?? String(error))
      }
      if (keepAlive) await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    }
    if (agent !== false) agent.destroy()
  }
  const clients = [true, true, true, true, false, false].map((keepAlive) => client(keepAlive, '/'))
  clients.push(client(true, '/slow'), client(false, '/slow'))
  return {
    async stop() {
      isOver = true
      await Promise.all(clients)
      return { answered, failed, by }
    },
  }
}

describe('the gateway of a host', () => {
  test('is replaced ten times under load without one failed request', async () => {
    const host = testGateway()
    const gateway = host.gateway()
    await gateway.start()
    const running = load(host.port)

    for (let count = 0; count < 10; count++) await gateway.restart()
    await becomes(() => gateway.report().draining, [])
    const { answered, failed, by } = await running.stop()

    expect(failed).toEqual([])
    expect(answered).toBeGreaterThan(100)
    expect(by.size).toBeGreaterThanOrEqual(8)
    expect(host.pids()).toEqual([gateway.report().pid])
    expect(gateway.report()).toMatchObject({ state: 'ready', restarts: 0 })
    expect(readdirSync(host.layout.root).filter((name) => name.endsWith('.sock'))).toHaveLength(2)
  }, 60_000)

  test('is started again when it dies; who comes meanwhile waits', async () => {
    const host = testGateway()
    const gateway = host.gateway()
    await gateway.start()
    const first = gateway.report().pid ?? 0
    expect(await ask(host.port(), false)).toBe(String(first))

    process.kill(first, 'SIGKILL')
    await becomes(() => systemProcesses.identify(first) === undefined, true)
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(host.port(), false)))

    // It answers before the keeper has seen that it does.
    await becomes(() => gateway.report().pid !== undefined && gateway.report().state === 'ready', true)
    expect(new Set(answers)).toEqual(new Set([String(gateway.report().pid)]))
    expect(gateway.report().restarts).toBe(1)
  })

  test('that does not start leaves the old one where it was, and says why', async () => {
    const host = testGateway()
    const gateway = host.gateway()
    await gateway.start()
    const { pid } = gateway.report()
    writeFileSync(join(host.layout.root, 'gateway-broken'), '')

    await expect(gateway.restart()).rejects.toThrow(/did not start: it ended with code 1\nno routes today/)
    expect(await ask(host.port(), false)).toBe(String(pid))
    process.kill(pid ?? 0, 'SIGKILL')
    await becomes(() => gateway.report().state, 'failed')
    rmSync(join(host.layout.root, 'gateway-broken'))

    await becomes(() => gateway.report().state, 'ready')
    expect(await ask(host.port(), false)).toBe(String(gateway.report().pid))
  })

  test('that hangs is replaced', async () => {
    const host = testGateway()
    const gateway = host.gateway()
    await gateway.start()
    const pid = gateway.report().pid ?? 0

    process.kill(pid, 'SIGSTOP')
    await becomes(() => gateway.report().pid !== pid && gateway.report().state === 'ready', true)

    expect(gateway.report().restarts).toBe(1)
    // SIGTERM and SIGCONT let it drain, as any other.
    await becomes(() => host.pids(), [gateway.report().pid ?? 0])
  })

  for (const [what, damage] of [
    ['as it was', () => {}],
    ['with a torn file', (file: string) => truncateSync(file, 20)],
    ['without a file', (file: string) => rmSync(file)],
  ] as const) {
    test(`lives through the end of its keeper and is adopted ${what}, the socket untouched`, async () => {
      const host = testGateway()
      const first = host.gateway()
      await first.start()
      const { pid } = first.report()
      await first.stop('leave')
      damage(join(host.layout.root, 'gateway.json'))
      expect(await ask(host.port(), false)).toBe(String(pid))

      const second = host.gateway()
      await second.start()

      expect(second.report()).toMatchObject({ state: 'ready', pid, restarts: 0 })
      expect(host.pids()).toEqual([pid])
      expect(JSON.parse(readFileSync(join(host.layout.root, 'gateway.json'), 'utf8'))).toMatchObject({
        gateways: [{ phase: 'ready', process: { pid } }],
      })
    })
  }

  test.skipIf(process.platform !== 'linux')(
    'is replaced also by a keeper that had to open the socket anew: what waited in the old one alone may be lost',
    async () => {
      const host = testGateway()
      const first = host.gateway()
      await first.start()
      await first.stop('leave')
      const second = host.gateway()
      await second.start()
      const running = load(host.port)

      await second.restart()
      await becomes(() => second.report().draining, [])
      const { answered, failed } = await running.stop()

      console.info(`a second socket: ${failed.length} of ${answered + failed.length} requests lost`)
      // What waits in the old socket when it is closed is lost: one request of each client at most.
      expect(failed.length).toBeLessThanOrEqual(8)
      expect(answered).toBeGreaterThan(50)
    },
    60_000,
  )

  test('is drained and ended with its keeper in the foreground', async () => {
    const host = testGateway()
    const gateway = host.gateway()
    await gateway.start()
    const slow = ask(host.port(), false, '/slow')
    await new Promise((resolve) => setTimeout(resolve, 100))

    await gateway.stop('stop')

    expect(await slow).toMatch(/^\d+$/)
    expect(host.pids()).toEqual([])
    expect(gateway.report().state).toBe('stopped')
    expect(existsSync(host.layout.gatewaySocket)).toBe(false)
    await expect(ask(host.port(), false)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('kill -9 of the keeper while it sees to the gateway', () => {
  const moments = ['begun', 'spawned', 'recorded', 'answers', 'pointed', 'withdrawn', 'ended'] as const
  const cases = [
    ...moments.slice(0, 5).map((moment) => ({ moment, restarts: false })),
    ...moments.map((moment) => ({ moment, restarts: true })),
  ]
  for (const { moment, restarts } of cases) {
    test(`at "${moment}" of ${restarts ? 'a restart' : 'the first start'}: one gateway serves afterwards`, async () => {
      const host = testGateway()
      const { root } = host.layout
      host.usePort(await freePort(new Set()))
      if (restarts) {
        const before = host.gateway()
        await before.start()
        await before.stop('leave')
      }
      const orders = { root, port: host.port(), pauseAt: moment, restarts }
      const victim = spawn(
        process.execPath,
        ['--conditions=sankofa-source', new URL('./testing/gateway-host-process.ts', import.meta.url).pathname],
        {
          env: { ...process.env, NODE_OPTIONS: '', GATEWAY_ORDERS: JSON.stringify(orders) },
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      )
      onTestFinished(() => void victim.kill('SIGKILL'))
      await once(victim.stdout, 'data')

      victim.kill('SIGKILL')
      const [, signal] = await once(victim, 'exit')
      expect(signal).toBe('SIGKILL')
      // While a restart is under way one gateway serves all the time, also without a keeper.
      if (restarts) expect(await ask(host.port(), false)).toMatch(/^\d+$/)

      const next = host.gateway()
      await next.start()
      await becomes(() => host.pids(), [next.report().pid ?? 0])
      expect(next.report()).toMatchObject({ state: 'ready', restarts: 0 })
      expect(await ask(host.port(), false)).toBe(String(next.report().pid))
      await becomes(() => next.report().draining, [])
      expect(readdirSync(root).filter((name) => name.endsWith('.sock'))).toHaveLength(2)
    })
  }
})
