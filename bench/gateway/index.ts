import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import type { BenchOptions } from '../options.ts'
import { cpuUsOf, type Haproxy, startHaproxy } from './haproxy.ts'

const modes = ['direct', 'sankofa', 'sankofa-again', 'http-proxy', 'fastify', 'haproxy'] as const
type Mode = (typeof modes)[number]
const loads = {
  fast: { path: '/fast', method: 'GET', requests: 2_000 },
  query: { path: '/query', method: 'GET', requests: 1_500 },
  upload: { path: '/upload', method: 'POST', requests: 600, body: 'x'.repeat(20_000) },
} as const
type Load = keyof typeof loads

const says: Readonly<Record<Mode, string>> = {
  direct: 'the service itself',
  sankofa: 'the gateway of Sankofa: keys, signed subject, traces, counts, limits',
  'sankofa-again': 'a second one: the noise of this machine',
  'http-proxy': 'http-proxy 1.18 with kept connections',
  fastify: '@fastify/http-proxy',
  haproxy: 'HAProxy, one thread',
}

const connections = 8
const users = 500
// Proxies are compiled as they run: before some 10,000 requests they all cost half as much again.
const warmUpRounds = 5
const noiseAllowed = 0.1

type Slice = { readonly cpuUsPerRequest: number; readonly p99Ms: number }
type Proxy = {
  readonly port: number
  cpuUs(): Promise<number>
  rss(): Promise<number | undefined>
  stop(): Promise<void>
}

/** What does the gateway cost a request? Its process' CPU time, user and system, and p99 at the client, beside other proxies. */
export async function run(options: BenchOptions): Promise<Record<string, unknown>> {
  const { log } = options
  const rounds = options.runs ?? 15
  const service = await startChild('service.ts', [])
  const origin = `http://127.0.0.1:${service.port}`
  const haproxy = await startHaproxy(origin)
  if (haproxy === undefined) log('HAProxy is not installed, so it is left out: apt install haproxy')
  const proxies = new Map<Mode, Proxy>([['direct', service]])
  try {
    for (const mode of ['sankofa', 'sankofa-again', 'http-proxy', 'fastify'] as const)
      proxies.set(mode, await startChild('proxy.ts', [mode, origin]))
    if (haproxy !== undefined) proxies.set('haproxy', asProxy(haproxy))
    const present = [...proxies.keys()]
    const slices = new Map<string, Slice[]>()
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      for (const load of Object.keys(loads) as Load[]) {
        // Each has every place in the order, so that none always follows the dearest.
        const turned = present.map((_, index) => present[(index + round + warmUpRounds) % present.length] ?? 'direct')
        for (const mode of turned) {
          const proxy = proxies.get(mode)
          if (proxy === undefined) continue
          const slice = await measure(proxy, loads[load])
          const key = `${load} ${mode}`
          if (round >= 0) slices.set(key, [...(slices.get(key) ?? []), slice])
        }
      }
    }
    const memory: Partial<Record<Mode, number | undefined>> = {}
    for (const [mode, proxy] of proxies) memory[mode] = await proxy.rss()
    return report(present, slices, memory, rounds, log)
  } finally {
    for (const proxy of proxies.values()) await proxy.stop()
  }
}

async function startChild(file: string, args: readonly string[]): Promise<Proxy> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--conditions=sankofa-source'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const { port } = (await once(child, 'message'))[0] as { port: number }
  return {
    port,
    cpuUs: async () => {
      const { cpu } = await usageOf(child)
      return cpu.user + cpu.system
    },
    rss: async () => (await usageOf(child)).rss,
    stop: async () => {
      const exit = once(child, 'exit')
      child.send('stop')
      await exit
    },
  }
}

const asProxy = (haproxy: Haproxy): Proxy => ({
  port: haproxy.port,
  cpuUs: async () => cpuUsOf(haproxy.pid),
  rss: async () => undefined,
  stop: async () => haproxy.stop(),
})

async function usageOf(child: ChildProcess): Promise<{ readonly cpu: NodeJS.CpuUsage; readonly rss: number }> {
  const answer = once(child, 'message')
  child.send('usage')
  return (await answer)[0] as { cpu: NodeJS.CpuUsage; rss: number }
}

async function measure(proxy: Proxy, load: (typeof loads)[Load]): Promise<Slice> {
  const before = await proxy.cpuUs()
  const result = await autocannon({
    url: `http://127.0.0.1:${proxy.port}${load.path}`,
    connections,
    amount: load.requests,
    method: load.method,
    ...('body' in load ? { body: load.body } : {}),
    // As a browser sends them.
    requests: Array.from({ length: users }, (_, index) => ({
      headers: {
        'x-user': `user-${index}`,
        accept: 'text/html,application/json;q=0.9,*/*;q=0.8',
        'accept-language': 'en-GB,en;q=0.5',
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        cookie: `theme=dark; session=${index}abcdefghijklmnopqrstuvwxyz`,
        referer: 'https://shop.test/things',
      },
    })),
  })
  const after = await proxy.cpuUs()
  if (result.non2xx > 0 || result.errors > 0 || result['2xx'] < load.requests)
    throw new Error(
      `${load.path} was answered ${result['2xx']} times well, ${result.non2xx} not, with ${result.errors} errors: nothing is concluded from that.`,
    )
  return { cpuUsPerRequest: (after - before) / result['2xx'], p99Ms: result.latency.p99 }
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN

function report(
  present: readonly Mode[],
  slices: ReadonlyMap<string, readonly Slice[]>,
  memory: Partial<Record<Mode, number | undefined>>,
  rounds: number,
  log: (line: string) => void,
): Record<string, unknown> {
  log(
    `CPU time of the process per request and p99 at the client, medians of ${rounds} turns; ${connections} connections; Node ${process.version}`,
  )
  const results: Record<string, unknown>[] = []
  const ratios: number[] = []
  let noise = 0
  for (const load of Object.keys(loads) as Load[]) {
    const cpu = (mode: Mode): number =>
      median((slices.get(`${load} ${mode}`) ?? []).map((slice) => slice.cpuUsPerRequest))
    const p99 = (mode: Mode): number => median((slices.get(`${load} ${mode}`) ?? []).map((slice) => slice.p99Ms))
    const best = Math.min(cpu('http-proxy'), cpu('fastify'))
    const ratio = cpu('sankofa') / best
    ratios.push(ratio)
    noise = Math.max(noise, Math.abs(cpu('sankofa-again') / cpu('sankofa') - 1))
    log(`\n${load}: × ${ratio.toFixed(2)} of the best other Node proxy`)
    for (const mode of present) {
      results.push({ load, mode, cpuUsPerRequest: cpu(mode), p99Ms: p99(mode), toDirect: cpu(mode) / cpu('direct') })
      const megabytes =
        memory[mode] === undefined ? '   –' : String(Math.round((memory[mode] ?? 0) / 1024 / 1024)).padStart(4)
      log(
        `  ${mode.padEnd(14)} ${cpu(mode).toFixed(0).padStart(6)} µs  × ${(cpu(mode) / cpu('direct')).toFixed(2)} of direct  p99 ${p99(mode).toFixed(1).padStart(6)} ms  ${megabytes} MB   ${says[mode]}`,
      )
    }
  }
  const isConclusive = noise <= noiseAllowed
  const ok = isConclusive && ratios.every((ratio) => ratio <= 1)
  const percent = Math.round(100 * noise)
  log(
    isConclusive
      ? `\n${ok ? 'No dearer' : 'Dearer'} than the best other Node proxy; two equal gateways differ by ${percent} %.`
      : `\nNothing is concluded: two equal gateways differ by ${percent} % (at most ${100 * noiseAllowed} % allowed). Try again on a quieter machine.`,
  )
  return { ok, conclusive: isConclusive, noise, ratios, results }
}
