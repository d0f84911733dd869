import { withScratchServer } from 'sankofa/db'
import type { BenchOptions } from '../options.ts'
import { runSwitches } from './switches.ts'

const budgetMs = 1_000

/** What does it cost a customer when releases come and go? A strict client of every kind, and the time that back takes. */
export async function run(options: BenchOptions): Promise<Record<string, unknown>> {
  const switches = options.runs ?? 50
  return withScratchServer(async (url) => {
    const found = await runSwitches(url, switches, options.log)
    const backMs = found.backMs.toSorted((a, b) => a - b)
    const goMs = found.goMs.toSorted((a, b) => a - b)
    const median = (values: readonly number[]): number => Math.round(values[Math.floor(values.length / 2)] ?? 0)
    const result = {
      switches,
      requests: found.requests,
      onTheNew: found.onTheNew,
      failed: found.failed.length,
      backMsMedian: median(backMs),
      backMsMaximum: Math.round(backMs.at(-1) ?? 0),
      goMsMedian: median(goMs),
    }
    const all = Object.entries(found.requests).map(([kind, n]) => `${n.toLocaleString('en')} ${kind}`)
    options.log(
      `${switches} times out and back; requests: ${all.join(', ')}; ${found.onTheNew} on a release that went back`,
    )
    options.log(
      `failed: ${found.failed.length}${found.failed.length === 0 ? '' : ` (${found.failed.slice(0, 5).join('; ')})`}`,
    )
    options.log(
      `back, until the last request on the bad one: median ${result.backMsMedian} ms, longest ${result.backMsMaximum} ms`,
    )
    options.log(`go, until the first customer, with proof and boot: median ${result.goMsMedian} ms`)
    return { ...result, ok: found.failed.length === 0 && result.backMsMaximum < budgetMs }
  })
}
