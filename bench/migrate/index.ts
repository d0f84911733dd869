import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from '../options.ts'
import { measureApply } from './apply/index.ts'
import { proveCorpus } from './corpus/index.ts'
import { generateMigrations, tablesAtTheEnd } from './generate/generate.ts'
import { measureProve } from './prove.ts'
import { writeFolders } from './write-folders.ts'

/**
 * What do applying and proving migrations cost? 342 invented ones: applied beside a plain loop and two tools, then the last
 * 60 proved. With `corpus`, all of a folder of anybody's migrations proved instead.
 */
export async function run(options: BenchOptions): Promise<Record<string, unknown>> {
  if (options.corpus !== undefined) return proveCorpus(options.corpus, options)
  const seed = options.seed ?? 20_261_123
  const rounds = options.runs ?? 5
  const directory = await mkdtemp(join(tmpdir(), 'sankofa-bench-'))
  try {
    const migrations = generateMigrations(seed)
    const folders = await writeFolders(directory, migrations)
    options.log(
      `seed ${seed}: ${migrations.length} migrations that end at ${tablesAtTheEnd} tables; Node ${process.version}; embedded PostgreSQL, not durable`,
    )
    options.log(`\nApplying all, ${rounds} rounds in turns, medians; the same schema at every end`)
    const apply = await measureApply(folders, rounds, options.log)
    options.log(`\nProving the last 60, with rows`)
    const prove = await measureProve(folders.sankofa, options.log)
    return { ok: apply.ok && prove.ok, seed, rounds, apply, prove }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
