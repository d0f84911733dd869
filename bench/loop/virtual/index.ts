import { performance } from 'node:perf_hooks'
import { bootstrap, createPool } from 'sankofa/db'
import { createFlagKind } from './flags.ts'
import { type VirtualRun, virtualRun } from './run.ts'
import { describe, rows, type Summary, summarise } from './summary.ts'

export type VirtualOptions = {
  /** Runs with a fault; a quarter as many more follow with the fault switched off. */
  readonly runs: number
  readonly seed: number
  /** An empty database. */
  readonly url: string
  log(line: string): void
  readonly json: boolean
}

export type VirtualResult = {
  readonly ok: boolean
  readonly seed: number
  readonly runs: number
  readonly faults: readonly Summary[]
  readonly all: Summary
  /** Runs with the fault switched off, and what was undone in them: nothing, if all is well. */
  readonly faultOff: { readonly runs: number; readonly undone: number }
  readonly tookS: number
}

/**
 * The same journal on PostgreSQL, the same rollout and the same judge as in a shop, on a virtual clock with synthetic
 * customers: a fault goes out with two harmless changes, all chosen by the seed.
 */
export async function runVirtual(options: VirtualOptions): Promise<VirtualResult> {
  const begun = performance.now()
  const pool = createPool({ url: options.url, max: 4, applicationName: 'bench-virtual' })
  try {
    await bootstrap(pool)
    const kind = createFlagKind()
    const results: VirtualRun[] = []
    const off = Math.ceil(options.runs / 4)
    for (let run = 0; run < options.runs + off; run++) {
      const result = await virtualRun({ pool, kind, number: run, seed: options.seed + run, faulty: run < options.runs })
      results.push(result)
      if (result.wrong !== undefined) options.log(`run ${run}, seed ${options.seed + run}: ${result.wrong}`)
      if (run % 25 === 24) options.log(`virtual: ${run + 1} of ${options.runs + off} runs`)
    }
    const faulty = results.filter((result) => result.fault !== undefined)
    const faultOff = results.filter((result) => result.fault === undefined)
    const tookS = Math.round((performance.now() - begun) / 1_000)
    const summary = {
      ok: results.every((result) => result.wrong === undefined),
      seed: options.seed,
      runs: options.runs,
      faults: rows(faulty),
      all: summarise('all', faulty),
      faultOff: { runs: faultOff.length, undone: faultOff.filter((result) => result.undone.length > 0).length },
      tookS,
    }
    for (const row of [...summary.faults, summary.all]) options.log(describe(row))
    options.log(
      `fault switched off: ${faultOff.length} runs, something undone in ${summary.faultOff.undone}; ${tookS} s in all`,
    )
    return summary
  } finally {
    await pool.end()
  }
}
