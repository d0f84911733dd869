import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { resolveBinary } from 'dbmate'
import pg from 'pg'
import { withScratchServer } from 'sankofa/db'
import { quantile } from 'sankofa/judge/simulate'
import { tablesAtTheEnd } from '../generate/generate.ts'
import type { Folders } from '../write-folders.ts'
import { type Contestant, contestants, says } from './contestants.ts'
import { readSchema } from './schema-hash.ts'

/** Times of a plain loop that we may take. */
export const promisedRatio = 1.1

export type ApplyResult = {
  readonly contestant: Contestant
  readonly medianMs: number
  readonly fastestMs: number
  readonly slowestMs: number
  /** Median over the rounds, each against the plain loop of the same round. */
  readonly ratio: number
  readonly ratioFrom: number
  readonly ratioTo: number
}

/** All contestants on one server, in turns, each time into an empty database; they have to end at the same schema. */
export async function measureApply(
  folders: Folders,
  rounds: number,
  log: (line: string) => void,
): Promise<{ readonly ok: boolean; readonly results: readonly ApplyResult[] }> {
  const times = new Map<Contestant, number[]>(contestants.map((contestant) => [contestant, []]))
  await withScratchServer(async (url) => {
    // The first round warms the server and the disk's cache, and is not counted.
    for (let round = -1; round < rounds; round++) {
      const seen = new Set<string>()
      // Each has every place in the order, so that none always follows the dearest.
      const order = contestants.map(
        (_, index) => contestants[(index + round + 1) % contestants.length] ?? contestants[0],
      )
      for (const contestant of order) {
        const { tookMs, schema } = await inNewDatabase(url, (database) => applyAll(contestant, database, folders))
        if (round >= 0) times.get(contestant)?.push(tookMs)
        if (schema.tables !== tablesAtTheEnd) {
          throw new Error(`${contestant} ended at ${schema.tables} tables: nothing is concluded from its time.`)
        }
        seen.add(`${schema.tables} tables, ${schema.rows} rows, ${schema.hash}`)
      }
      if (seen.size > 1) throw new Error(`they made different schemas: ${[...seen].join(' and ')}`)
    }
  })
  const plain = times.get('plain') ?? []
  const results = contestants.map((contestant): ApplyResult => {
    const own = times.get(contestant) ?? []
    const ratios = own.map((tookMs, round) => tookMs / (plain[round] ?? Number.NaN))
    return {
      contestant,
      medianMs: quantile(own, 0.5) ?? Number.NaN,
      fastestMs: Math.min(...own),
      slowestMs: Math.max(...own),
      ratio: quantile(ratios, 0.5) ?? Number.NaN,
      ratioFrom: Math.min(...ratios),
      ratioTo: Math.max(...ratios),
    }
  })
  for (const { contestant, medianMs, ratio, ratioFrom, ratioTo } of results) {
    log(
      `  ${contestant.padEnd(16)} ${medianMs.toFixed(0).padStart(6)} ms  × ${ratio.toFixed(2)}  (rounds ${ratioFrom.toFixed(2)}–${ratioTo.toFixed(2)})   ${says[contestant]}`,
    )
  }
  const ours = results.find(({ contestant }) => contestant === 'sankofa')
  return { ok: (ours?.ratio ?? Number.POSITIVE_INFINITY) <= promisedRatio, results }
}

type Applied = { readonly tookMs: number; readonly schema: Awaited<ReturnType<typeof readSchema>> }

async function applyAll(contestant: Contestant, url: string, folders: Folders): Promise<Applied> {
  const tookMs =
    contestant === 'dbmate' ? await runDbmate(url, folders.dbmate) : await runOnce(contestant, url, folders)
  return { tookMs, schema: await readSchema(url) }
}

async function runDbmate(url: string, folder: string): Promise<number> {
  const began = performance.now()
  const settings = ['--url', `${url}?sslmode=disable`, '--migrations-dir', folder, '--no-dump-schema']
  await promisify(execFile)(resolveBinary(), [...settings, 'up'], { maxBuffer: 64 * 1_024 * 1_024 })
  return performance.now() - began
}

async function runOnce(contestant: Exclude<Contestant, 'dbmate'>, url: string, folders: Folders): Promise<number> {
  const folder = contestant === 'node-pg-migrate' ? folders[contestant] : folders.sankofa
  const child = fork(fileURLToPath(new URL('once.ts', import.meta.url)), [contestant, url, folder], {
    execArgv: ['--conditions=sankofa-source', '--disable-warning=ExperimentalWarning'],
  })
  let tookMs: number | undefined
  child.on('message', (message: { readonly tookMs: number }) => {
    tookMs = message.tookMs
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0 || tookMs === undefined) throw new Error(`${contestant} did not apply them: it ended with ${code}`)
  return tookMs
}

async function inNewDatabase<T>(server: string, use: (url: string) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  try {
    await admin.query('create database bench template template0')
    const address = new URL(server)
    address.pathname = '/bench'
    try {
      return await use(address.href)
    } finally {
      await admin.query('drop database bench with (force)')
    }
  } finally {
    await admin.end()
  }
}
