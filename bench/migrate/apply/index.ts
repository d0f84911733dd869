import { withScratchServer } from 'sankofa/db'
import { quantile } from 'sankofa/judge/simulate'
import { tablesAtTheEnd } from '../generate/generate.ts'
import type { Folders } from '../write-folders.ts'
import { applyAll, type Took } from './apply-all.ts'
import { type Contestant, contestants, says } from './contestants.ts'

/** Times of a plain loop that we may take. */
const promisedRatio = 1.1
/** The same loop may differ from itself by this much; beyond it the machine is too busy to tell. */
const noiseAllowed = 0.1

type Result = {
  readonly contestant: Contestant
  readonly medianMs: number
  readonly fastestMs: number
  readonly slowestMs: number
  /** Of the medians, to the plain loop's. */
  readonly ratio: number
  /** Least and most in one round. */
  readonly ratioFrom: number
  readonly ratioTo: number
  readonly ownSchemaMs: number
}

export type ApplyResult = {
  readonly ok: boolean
  readonly conclusive: boolean
  readonly noise: number
  readonly promisedRatio: number
  readonly results: readonly Result[]
}

/** All contestants on one server, in turns, each time into an empty database; they have to end at the same schema. */
export async function measureApply(
  folders: Folders,
  rounds: number,
  log: (line: string) => void,
): Promise<ApplyResult> {
  const times = new Map<Contestant, Took[]>(contestants.map((contestant) => [contestant, []]))
  await withScratchServer(async (url) => {
    // The first round warms the server and the disk's cache, and is not counted.
    for (let round = -1; round < rounds; round++) {
      const seen = new Set<string>()
      // Each has every place in the order, so that none always follows the dearest.
      const order = contestants.map((_, index) => contestants[(index + round + 1) % contestants.length] ?? 'plain')
      for (const contestant of order) {
        const { schema, ...took } = await applyAll(contestant, url, folders)
        if (schema.tables !== tablesAtTheEnd) {
          throw new Error(`${contestant} ended at ${schema.tables} tables: nothing is concluded from its time.`)
        }
        seen.add(`${schema.tables} tables, ${schema.rows} rows, ${schema.hash}`)
        if (round >= 0) times.get(contestant)?.push(took)
      }
      if (seen.size > 1) throw new Error(`they made different schemas: ${[...seen].join(' and ')}`)
    }
  })
  return report(times, log)
}

function report(times: ReadonlyMap<Contestant, readonly Took[]>, log: (line: string) => void): ApplyResult {
  const msOf = (contestant: Contestant): number[] => (times.get(contestant) ?? []).map(({ tookMs }) => tookMs)
  const plain = msOf('plain')
  const results = contestants.map((contestant): Result => {
    const own = msOf(contestant)
    const ratios = own.map((tookMs, round) => tookMs / (plain[round] ?? Number.NaN))
    return {
      contestant,
      medianMs: median(own),
      fastestMs: Math.min(...own),
      slowestMs: Math.max(...own),
      ratio: median(own) / median(plain),
      ratioFrom: Math.min(...ratios),
      ratioTo: Math.max(...ratios),
      ownSchemaMs: median((times.get(contestant) ?? []).map(({ ownSchemaMs }) => ownSchemaMs)),
    }
  })
  for (const { contestant, medianMs, ratio, ratioFrom, ratioTo, ownSchemaMs } of results) {
    const own = ownSchemaMs === 0 ? '' : `; its own schema, once a database: ${ownSchemaMs.toFixed(0)} ms of it`
    log(
      `  ${contestant.padEnd(16)} ${medianMs.toFixed(0).padStart(6)} ms  × ${ratio.toFixed(2)}  (rounds ${ratioFrom.toFixed(2)}–${ratioTo.toFixed(2)})   ${says[contestant]}${own}`,
    )
  }
  const ratioOf = (contestant: Contestant): number =>
    results.find((result) => result.contestant === contestant)?.ratio ?? Number.NaN
  const noise = Math.abs(ratioOf('plain-again') - 1)
  const conclusive = noise <= noiseAllowed
  const isWithin = ratioOf('sankofa') <= promisedRatio
  log(
    conclusive
      ? `  ${isWithin ? 'Within' : 'Over'} the promised × ${promisedRatio}; noise ${Math.round(100 * noise)} %.`
      : `  Nothing is concluded: the same loop differs from itself by ${Math.round(100 * noise)} % (at most ${100 * noiseAllowed} % allowed). Try again on a quieter machine.`,
  )
  return { ok: conclusive && isWithin, conclusive, noise, promisedRatio, results }
}

const median = (values: readonly number[]): number => quantile(values, 0.5) ?? Number.NaN
