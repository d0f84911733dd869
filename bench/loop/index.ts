import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { withScratchServer } from 'sankofa/db'
import type { BenchOptions } from '../options.ts'
import { type RunResult, runOnce } from './rollout-run.ts'
import { openShop } from './shop.ts'
import { runVirtual } from './virtual/index.ts'

const decoys = ['demo-good-sorting', 'demo-good-recommendations', 'demo-good-receipt'] as const
const faults = [
  { fault: 'demo-broken-checkout', runs: 5, limitMs: 5 * 60_000 },
  { fault: 'demo-hang', runs: 3, limitMs: 5 * 60_000 },
  { fault: 'demo-bad-checkout', runs: 3, limitMs: 20 * 60_000 },
] as const
/** Traffic before the first go: the latency thresholds need 300 requests a route. */
const warmUpMs = 90_000
const quietMs = 10 * 60_000

/**
 * Is every planted fault undone, with the right culprit, and who was hurt meanwhile? In real time on the running shop; with
 * the faults switched off; then 200 or more runs on a virtual clock (the same journal on PostgreSQL, rollout and judge).
 */
export async function run(options: BenchOptions): Promise<Record<string, unknown>> {
  const seed = options.seed ?? randomInt(1, 2 ** 31)
  options.log(`seed ${seed}`)
  const random = generator(seed)
  const plan = shuffle(
    faults.flatMap(({ fault, runs, limitMs }) => Array.from({ length: runs }, () => ({ fault, limitMs }))),
    random,
  )
  const real: RunResult[] = []
  const shop = await openShop({ faults: 'on', log: options.log })
  try {
    await delay(warmUpMs)
    for (const [index, { fault, limitMs }] of plan.entries()) {
      const chosen = shuffle(decoys, random).slice(0, 2)
      const result = await runOnce(shop, { fault, decoys: chosen, limitMs })
      real.push(result)
      options.log(`${index + 1}/${plan.length} ${describe(result)}`)
    }
  } finally {
    await shop.stop()
  }

  const off: RunResult[] = []
  const healthy = await openShop({ faults: 'off', log: options.log })
  try {
    await delay(warmUpMs)
    // All of them at once, with the decoys: nothing may be undone.
    const others = faults.slice(1).map(({ fault }) => fault)
    const result = await runOnce(healthy, { fault: faults[0].fault, decoys: [...others, ...decoys], limitMs: quietMs })
    off.push(result)
    options.log(`faults off: ${describe(result)}`)
  } finally {
    await healthy.stop()
  }

  const virtual = await withScratchServer((url) =>
    runVirtual({ runs: options.runs ?? 200, seed, url, log: options.log, json: options.json }),
  )

  const table = faults.map(({ fault }) =>
    summary(
      fault,
      real.filter((result) => result.fault === fault),
    ),
  )
  for (const row of table) {
    options.log(
      `${row.fault}: ${row.undone}/${row.runs} undone, culprit right ${row.culpritRight}/${row.runs}; seconds median ${row.secondsMedian} max ${row.secondsMaximum}; customers harmed median ${row.harmedMedian} max ${row.harmedMaximum}`,
    )
  }
  const wronglyUndone =
    off.filter((result) => result.undone).length +
    [...real, ...off].reduce((sum, result) => sum + result.decoysUndone.length, 0)
  options.log(`decoys undone, or anything undone with the faults off: ${wronglyUndone}`)
  const ok = virtual.ok && real.every((result) => result.undone && result.culpritRight) && wronglyUndone === 0
  return { seed, ok, virtual, real: table, runs: real, off }
}

function summary(fault: string, results: readonly RunResult[]) {
  const seconds = results.flatMap((result) => (result.seconds === undefined ? [] : [result.seconds]))
  const harmed = results.flatMap((result) => (result.customersHarmed === undefined ? [] : [result.customersHarmed]))
  return {
    fault,
    runs: results.length,
    undone: results.filter((result) => result.undone).length,
    culpritRight: results.filter((result) => result.culpritRight).length,
    secondsMedian: median(seconds),
    secondsMaximum: Math.max(...seconds),
    harmedMedian: median(harmed),
    harmedMaximum: Math.max(...harmed),
  }
}

const describe = (result: RunResult): string =>
  `${result.fault} with ${result.decoys.join(' and ')}: ${result.undone ? `undone after ${result.seconds?.toFixed(0)} s, ${result.customersHarmed} customers harmed (${result.guard})` : 'not undone'}${result.decoysUndone.length > 0 ? `; WRONGLY undone: ${result.decoysUndone.join(', ')}` : ''}${result.note === undefined ? '' : `; ${result.note}`}`

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** Mulberry32: a run can be repeated from its printed seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items]
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    const held = shuffled[index] as T
    shuffled[index] = shuffled[other] as T
    shuffled[other] = held
  }
  return shuffled
}
