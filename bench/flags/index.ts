import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createFlagClient, defineFlag } from 'sankofa/flags'

const rounds = 9
const evaluations = 200_000
const customers = 2_000
const flagCount = 7

const flags = Array.from({ length: flagCount }, (_, n) =>
  defineFlag({
    id: `flag-${n}`,
    title: 'A flag of the benchmark',
    owner: 'bench',
    expires: '2099-12-31',
    rules: [
      { when: { attribute: 'plan', equals: 'closed' }, treat: 'off' },
      { when: { attribute: 'email', startsWith: 'robot+' }, treat: 'off' },
      { when: { attribute: 'country', in: ['NG', 'GH', 'KE'] }, treat: 'randomised' },
    ],
    otherwise: 'off',
  }),
)
const state = {
  format: 1,
  asOfMs: 0,
  flags: flags.map(({ id }, n) => ({
    flag: id,
    change: id,
    goId: String(n + 1),
    salt: `salt-of-${id}`,
    stage: 2,
    share: 0.2,
    shareBefore: 0.02,
    settled: false,
  })),
  tunables: [],
  watches: [],
}
const attributes = { country: 'NG', plan: 'open', email: 'ama@shop.example' }

type Case = { readonly name: string; readonly perRound: number; run(round: number): number }

/** How many flags does one core answer in a second: 20 % rollout, three rules, beside the least code that could do it. */
export async function run(options: {
  readonly json: boolean
  log(line: string): void
}): Promise<Record<string, unknown>> {
  const directory = await mkdtemp(join(tmpdir(), 'sankofa-bench-'))
  await writeFile(join(directory, 'flags.json'), JSON.stringify(state))
  const client = createFlagClient({ flags, tunables: [], directory, secret: 'bench', log: pino({ enabled: false }) })
  await client.start()
  const known = Array.from({ length: customers }, (_, n) => `customer-${n}`)
  const [flag] = flags
  const cases: readonly Case[] = [
    { name: 'known subject, isOn', perRound: evaluations, run: (round) => countKnown(round, (id) => isOn(id)) },
    {
      name: `known subject, exposures of ${flagCount} flags`,
      perRound: evaluations / 10,
      run: (round) => countSome(evaluations / 10, round, (n) => client.exposures(pick(n), attributes).length > 0),
    },
    {
      name: 'subject never seen before, isOn',
      perRound: evaluations / 10,
      run: (round) => countSome(evaluations / 10, round, (n, r) => isOn(`new-${r}-${n}`)),
    },
    {
      name: 'least code: SHA-256 of salt and subject, compare',
      perRound: evaluations / 10,
      run: (round) => countSome(evaluations / 10, round, (n, r) => leastCode(`new-${r}-${n}`)),
    },
  ]
  const pick = (n: number): string => known[n % customers] ?? ''
  const isOn = (id: string): boolean => flag !== undefined && client.isOn(flag, { subject: id, attributes })
  const countKnown = (round: number, test: (id: string) => boolean): number =>
    countSome(evaluations, round, (n) => test(pick(n)))

  // Interleaved, so that a busy machine slows every case alike.
  const ns = new Map(cases.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, perRound, run: runCase } of cases) {
      const before = process.cpuUsage()
      const hits = runCase(round)
      const { user, system } = process.cpuUsage(before)
      if (hits === 0) throw new Error(`the case "${name}" never answered yes: it measures nothing`)
      ns.get(name)?.push(((user + system) * 1_000) / perRound)
    }
  }
  await client.stop()
  await rm(directory, { recursive: true, force: true })

  const results = cases.map(({ name }) => {
    const sorted = (ns.get(name) ?? []).sort((a, b) => a - b)
    const [fastest = 0, median = 0, slowest = 0] = [0, 4, 8].map((index) => Math.round(sorted[index] ?? 0))
    return { case: name, nsPerCall: median, fastest, slowest, callsPerSecond: Math.round(1e9 / median) }
  })
  for (const { case: name, nsPerCall, fastest, slowest, callsPerSecond } of results) {
    options.log(`${name.padEnd(52)} ${nsPerCall} ns (${fastest}–${slowest})  ${callsPerSecond.toLocaleString('en')}/s`)
  }
  return { ok: true, rounds, results }
}

const leastCode = (subject: string): boolean =>
  Number.parseInt(hash('sha256', `salt\n${subject}`, 'hex').slice(0, 13), 16) / 2 ** 52 < 0.2

function countSome(times: number, round: number, test: (n: number, round: number) => boolean): number {
  let hits = 0
  for (let n = 0; n < times; n++) if (test(n, round)) hits++
  return hits
}
