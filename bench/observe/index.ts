import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { bootstrap, createPool, withScratchServer } from 'sankofa/db'

const modes = ['bare', 'bare-again', 'fastify-logger', 'measured', 'measured-change', 'measured-log'] as const
type Mode = (typeof modes)[number]
const paths = ['/json', '/query'] as const
type Path = (typeof paths)[number]

const says: Readonly<Record<Mode, string>> = {
  bare: 'Fastify alone',
  'bare-again': 'Fastify alone, a second time: the noise of this machine',
  'fastify-logger': "Fastify's own logger, buffered, to a file",
  measured: 'under Sankofa, no change going out, no request log',
  'measured-change': 'under Sankofa, one change going out with 26 guards',
  'measured-log': 'under Sankofa with its request log, to a file',
}

const connections = 8
const requestsPerSlice = 2_000
const warmUpRounds = 3
const users = 2_000
const budget = 1.2
/** Two equal servers may differ by this much; beyond it the machine is too busy to tell. */
const noiseAllowed = 0.1

type Slice = { readonly requests: number; readonly cpuUsPerRequest: number }
type Result = {
  readonly path: Path
  readonly mode: Mode
  readonly cpuUsPerRequest: number
  readonly ratio: number
  readonly ratioFrom: number
  readonly ratioTo: number
  readonly residentMegabytes: number | undefined
}
type Usage = {
  readonly cpu: NodeJS.CpuUsage
  readonly rss: number
  readonly health?: { readonly dropped: Record<string, number> }
}

/**
 * What does measuring cost a request? CPU time of the server, user and system, over its requests. All servers live at the
 * same time and take short turns; the lowest slice of each counts, because the rest of the machine only ever adds to it.
 */
export async function run(options: {
  readonly json: boolean
  readonly runs?: number | undefined
  log(line: string): void
}): Promise<Record<string, unknown>> {
  const rounds = options.runs ?? 30
  return withScratchServer(async (url) => {
    const pool = createPool({ url, applicationName: 'bench' })
    await bootstrap(pool)
    await pool.query(
      `insert into sankofa.flag (flag, change_id, go_id, salt, stage, share) values ('bench', 'bench', 1, 'salt', 1, 0.5)`,
    )
    await pool.query(`insert into sankofa.watch (go_id, change_id, guards) values (1, 'bench', $1)`, [
      JSON.stringify(guards()),
    ])
    const servers = new Map<Mode, ChildProcess>()
    try {
      const ports = new Map<Mode, number>()
      for (const mode of modes) {
        const server = fork(fileURLToPath(new URL('server.ts', import.meta.url)), [mode, url], {
          execArgv: ['--conditions=sankofa-source'],
        })
        servers.set(mode, server)
        ports.set(mode, ((await once(server, 'message'))[0] as { port: number }).port)
      }
      const slices = new Map<string, Slice[]>()
      for (let round = -warmUpRounds; round < rounds; round += 1) {
        for (const path of paths) {
          // Each has every place in the order, so that none always follows the dearest.
          const order = modes.map((_, index) => modes[(index + round + warmUpRounds) % modes.length] ?? 'bare')
          for (const mode of order) {
            const server = servers.get(mode)
            if (server === undefined) continue
            const slice = await measure(server, `http://127.0.0.1:${ports.get(mode)}${path}`)
            const key = `${path} ${mode}`
            if (round >= 0) slices.set(key, [...(slices.get(key) ?? []), slice])
          }
        }
      }
      const memory: Record<string, number> = {}
      for (const [mode, server] of servers) memory[mode] = Math.round((await usageOf(server)).rss / 1024 / 1024)
      const counted = await pool.query(`select sum(cell.n)::int as n from sankofa.cell as cell where cell.arm = 'all'`)
      return report(slices, memory, counted.rows[0]?.n ?? 0, rounds, options.log)
    } finally {
      for (const server of servers.values()) {
        const exit = once(server, 'exit')
        server.send('stop')
        await exit
      }
      await pool.end()
    }
  })
}

async function measure(server: ChildProcess, url: string): Promise<Slice> {
  const before = await usageOf(server)
  const result = await autocannon({
    url,
    connections,
    amount: requestsPerSlice,
    requests: Array.from({ length: users / 10 }, (_, index) => ({ headers: { 'x-user': `user-${index * 10}` } })),
  })
  const after = await usageOf(server)
  const cpuUs = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
  const requests = result['2xx']
  if (result.non2xx > 0 || requests === 0)
    throw new Error(
      `${url} answered ${requests} requests well and ${result.non2xx} not: nothing is concluded from that.`,
    )
  return { requests, cpuUsPerRequest: cpuUs / requests }
}

async function usageOf(server: ChildProcess): Promise<Usage> {
  const answer = once(server, 'message')
  server.send('usage')
  return (await answer)[0] as Usage
}

const guards = () => [
  { id: 'errors', measure: 'errors', weight: 0.2 },
  ...Array.from({ length: 19 }, (_, index) => ({
    id: `route-${index}`,
    measure: 'route-errors',
    route: index === 0 ? 'GET /json' : `GET /${index}`,
    weight: 0.01,
  })),
  { id: 'unanswered', measure: 'unanswered', weight: 0.08 },
  { id: 'checkout', measure: 'business', attempt: 'checkout', weight: 0.22 },
  ...[0.75, 0.9, 0.95, 0.99].map((quantile) => ({
    id: `latency-${quantile}`,
    measure: 'latency',
    quantile,
    thresholdsUs: { 'GET /json': 1_000 * quantile, 'GET /query': 5_000 * quantile },
    weight: 0.06,
  })),
]

function report(
  slices: ReadonlyMap<string, readonly Slice[]>,
  memory: Record<string, number>,
  cells: number,
  rounds: number,
  log: (line: string) => void,
) {
  const lowest = (path: Path, mode: Mode): number =>
    Math.min(...(slices.get(`${path} ${mode}`) ?? []).map((slice) => slice.cpuUsPerRequest))
  const spread = (path: Path, mode: Mode): readonly [number, number] => {
    const ratios = (slices.get(`${path} ${mode}`) ?? []).map(
      (slice, index) => slice.cpuUsPerRequest / (slices.get(`${path} bare`)?.[index]?.cpuUsPerRequest ?? Number.NaN),
    )
    return [Math.min(...ratios), Math.max(...ratios)]
  }
  log(
    `CPU time of the server per request; ${rounds} slices of ${requestsPerSlice} requests each, ${connections} connections; Node ${process.version}`,
  )
  const results: Result[] = []
  for (const path of paths) {
    log(`\n${path}`)
    for (const mode of modes) {
      const us = lowest(path, mode)
      const ratio = us / lowest(path, 'bare')
      const [from, to] = spread(path, mode)
      results.push({
        path,
        mode,
        cpuUsPerRequest: us,
        ratio,
        ratioFrom: from,
        ratioTo: to,
        residentMegabytes: memory[mode],
      })
      log(
        `  ${mode.padEnd(16)} ${us.toFixed(1).padStart(7)} µs  × ${ratio.toFixed(2)}  (slices ${from.toFixed(2)}–${to.toFixed(2)})  ${String(memory[mode]).padStart(4)} MB   ${says[mode]}`,
      )
    }
  }
  const ratios = (mode: Mode): number[] =>
    results.filter((result) => result.mode === mode).map((result) => result.ratio)
  const noise = Math.max(...ratios('bare-again').map((ratio) => Math.abs(ratio - 1)))
  const conclusive = noise <= noiseAllowed
  const ok = conclusive && ratios('measured').every((ratio) => ratio <= budget)
  const percent = Math.round(100 * noise)
  log(
    conclusive
      ? `\n${ok ? 'Within' : 'Over'} the budget of × ${budget} for "measured"; noise ${percent} %. Requests found in the cells: ${cells}.`
      : `\nNothing is concluded: two equal servers differ by ${percent} % (at most ${100 * noiseAllowed} % allowed). Try again on a quieter machine.`,
  )
  return { ok, conclusive, noise, budget, results }
}
