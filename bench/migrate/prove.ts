import { withScratchServer } from 'sankofa/db'
import { quantile } from 'sankofa/judge/simulate'
import { proveMigrations, readMigrations } from 'sankofa/migrate'
import { lastCount } from './generate/generate.ts'

/** A new migration on a schema of 60 tables. */
const promisedMedianMs = 500

export type ProveResult = {
  readonly ok: boolean
  /** From nothing to a server that answers: paid once a run of the prover. */
  readonly shadowStartMs: number
  readonly proofs: number
  readonly medianMs: number
  readonly p90Ms: number
  readonly maxMs: number
  readonly slowest: string
  /** Every undo of the generated ones is meant to be right: one that is not proved is a fault, of theirs or of the prover. */
  readonly proved: number
  readonly notProved: readonly { readonly group: string; readonly grade: string; readonly why: string }[]
}

/** Proves the last 60 of the generated migrations, each on the schema that those before it make. */
export async function measureProve(folder: string, log: (line: string) => void): Promise<ProveResult> {
  const began = performance.now()
  let shadowStartMs = 0
  await withScratchServer(async () => {
    shadowStartMs = performance.now() - began
  })
  // One more than is counted: the first one also pays for code that is loaded when it is first needed.
  const { proofs } = await proveMigrations(await readMigrations(folder), { last: lastCount + 1 })
  const counted = proofs.slice(1)
  const times = counted.map(({ tookMs }) => tookMs)
  const [medianMs, p90Ms] = [0.5, 0.9].map((share) => quantile(times, share) ?? Number.NaN) as [number, number]
  const slowest = counted.reduce((most, proof) => (proof.tookMs > most.tookMs ? proof : most))
  const notProved = counted
    .filter(({ ok }) => !ok)
    .map(({ group, grade, failure, differences, losses }) => ({
      group,
      grade,
      why: failure === undefined ? [...differences.map(({ text }) => text), ...losses].join(' ') : failure.reason,
    }))
  const isWithin = medianMs <= promisedMedianMs
  log(`  a bare shadow starts in ${shadowStartMs.toFixed(0)} ms, once a run`)
  log(
    `  ${counted.length} proofs: median ${medianMs.toFixed(0)} ms, p90 ${p90Ms.toFixed(0)} ms, maximum ${slowest.tookMs.toFixed(0)} ms (${slowest.group})`,
  )
  log(`  proved: ${counted.length - notProved.length} of ${counted.length}`)
  for (const { group, grade, why } of notProved) log(`    ${group}: ${grade}. ${why}`)
  log(`  ${isWithin ? 'Within' : 'Over'} the promised ${promisedMedianMs} ms for the median.`)
  return {
    ok: isWithin && notProved.length === 0,
    shadowStartMs,
    proofs: counted.length,
    medianMs,
    p90Ms,
    maxMs: slowest.tookMs,
    slowest: slowest.group,
    proved: counted.length - notProved.length,
    notProved,
  }
}
