import { withScratchServer } from 'sankofa/db'
import { quantile } from 'sankofa/judge/simulate'
import { type MigrationProof, readMigrations } from 'sankofa/migrate'
import type { BenchOptions } from '../../options.ts'
import { isSchemaClean, outcomeOf, outcomes, rewrites, takesAccessExclusive } from './classify.ts'
import { type NotProvable, proveAll } from './prove-all.ts'

/** Proves every migration of a folder of any tool, and counts what came out. */
export async function proveCorpus(directory: string, options: BenchOptions): Promise<Record<string, unknown>> {
  const set = await readMigrations(directory)
  const groups = new Set(set.migrations.map(({ group }) => group)).size
  options.log(`${directory}: ${groups} migrations of ${set.tool}, each proved on the schema that those before it make`)
  const began = performance.now()
  const { postgres, proofs, notProvable, leftOut } = await withScratchServer((url) =>
    proveAll(set, url, ({ group }, done) => {
      if (done % 25 === 0) options.log(`  ${done}/${groups} ${group}`)
    }),
  )
  const tookMs = performance.now() - began
  const counts = count(proofs, notProvable)
  const times = proofs.map((proof) => proof.tookMs)
  const slowest = proofs.reduce<MigrationProof | undefined>(
    (most, proof) => (most === undefined || proof.tookMs > most.tookMs ? proof : most),
    undefined,
  )
  const speed = {
    totalMs: tookMs,
    medianMs: quantile(times, 0.5) ?? 0,
    p90Ms: quantile(times, 0.9) ?? 0,
    maxMs: slowest?.tookMs ?? 0,
    slowest: slowest?.group,
  }
  options.log(`\nPostgreSQL ${postgres}, Node ${process.version}`)
  for (const [what, many] of Object.entries(counts)) options.log(`  ${what.padEnd(56)} ${String(many).padStart(5)}`)
  options.log(
    `  total ${(tookMs / 1_000).toFixed(1)} s; a proof: median ${speed.medianMs.toFixed(0)} ms, p90 ${speed.p90Ms.toFixed(0)} ms, maximum ${speed.maxMs.toFixed(0)} ms (${speed.slowest})`,
  )
  for (const line of toBeRead(proofs, notProvable, leftOut)) options.log(line)
  return {
    ok: notProvable.length === 0,
    directory,
    tool: set.tool,
    postgres,
    counts,
    speed,
    notProvable,
    leftOut,
    proofs: proofs.map((proof) => ({ outcome: outcomeOf(proof), ...proof })),
  }
}

function count(
  proofs: readonly MigrationProof[],
  notProvable: readonly NotProvable[],
): Readonly<Record<string, number>> {
  const many = (fits: (proof: MigrationProof) => boolean): number => proofs.filter(fits).length
  const ran = proofs.filter(isSchemaClean)
  const clean = (loss: MigrationProof['loss']): number => ran.filter((proof) => proof.loss === loss).length
  return {
    migrations: proofs.length + notProvable.length,
    'cannot be proved': notProvable.length,
    ...Object.fromEntries(outcomes.map((outcome) => [outcome, many((proof) => outcomeOf(proof) === outcome)])),
    'up again fails': many(({ failure }) => failure?.step === 'up again'),
    'up again leaves another schema': many(({ secondUp }) => secondUp.some(({ weight }) => weight === 'differs')),
    'with rows, of those whose schema is clean: kept': clean('kept'),
    'with rows, of those whose schema is clean: stashed': clean('stashed'),
    'with rows, of those whose schema is clean: lost': clean('lost'),
    'with rows, of all: kept': many(({ loss }) => loss === 'kept'),
    'with rows, of all: stashed': many(({ loss }) => loss === 'stashed'),
    'with rows, of all: lost': many(({ loss }) => loss === 'lost'),
    'some table got no row': many(({ rows }) => rows.empty.length > 0),
    'up takes ACCESS EXCLUSIVE on a table that was there': many(takesAccessExclusive),
    'up really rewrites a table': many(rewrites),
    'proved (✓ and !)': many(({ ok }) => ok),
  }
}

/** Every one that a person should look at, with its reason. */
function toBeRead(
  proofs: readonly MigrationProof[],
  notProvable: readonly NotProvable[],
  leftOut: readonly NotProvable[],
): readonly string[] {
  const lines: string[] = []
  const list = (title: string, each: readonly string[]): void => {
    if (each.length > 0) lines.push(`\n${title}`, ...each.map((line) => `  ${shorten(line)}`))
  }
  list(
    'Cannot be proved',
    notProvable.map(({ group, reason }) => `${group}: ${reason}`),
  )
  list(
    'Left out, because up cannot run: those after it are proved on a schema without it',
    leftOut.map(({ group, reason }) => `${group}: ${reason}`),
  )
  for (const outcome of [
    'up fails always',
    'up fails with rows',
    'undo fails always',
    'undo fails only with rows',
    'undo fails after new rows',
  ]) {
    const those = proofs.filter((proof) => outcomeOf(proof) === outcome)
    list(
      outcome,
      those.map(({ group, failure }) => `${group}: ${failure?.reason}`),
    )
  }
  list(
    'up again fails',
    proofs.flatMap(({ group, failure }) => (failure?.step === 'up again' ? [`${group}: ${failure.reason}`] : [])),
  )
  list(
    'schema differs',
    proofs
      .filter((proof) => outcomeOf(proof) === 'schema differs')
      .map(({ group, differences }) => {
        const [first, ...more] = differences.filter(({ weight }) => weight === 'differs')
        return `${group}: ${first?.text}${more.length === 0 ? '' : ` (and ${more.length} more)`}`
      }),
  )
  list(
    'lost, with the stash, though undo runs',
    proofs
      .filter(({ loss, failure }) => loss === 'lost' && failure === undefined)
      // What the stash does not mend comes last.
      .map(({ group, losses }) => `${group}: ${losses.toReversed().join(' ')}`),
  )
  return lines
}

/** All of it is in `--json`. */
const shorten = (line: string): string => (line.length > 300 ? `${line.slice(0, 299)}…` : line)
