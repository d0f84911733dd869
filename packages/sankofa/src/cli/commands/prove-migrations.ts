import { relative, resolve } from 'node:path'
import { isSankofaError, SankofaError } from '../../core/index.ts'
import { createPool } from '../../db/index.ts'
import {
  findMigrations,
  type MigrationProof,
  type MigrationSet,
  type ProveOptions,
  proveMigrations,
  readMigrations,
  readSizes,
  sampleRows,
  summaryOf,
  type Tool,
} from '../../migrate/index.ts'
import { readStatements } from '../../observe/index.ts'
import { loadFiles } from '../context.ts'
import { hasConfig } from '../find-config.ts'
import { AnswerIsNo, type OutputOptions } from '../output.ts'

export type ProveMigrationsOptions = OutputOptions & {
  readonly from?: string
  readonly to?: string
  readonly last?: number
  readonly shadow?: string
  readonly target?: string
  readonly sample?: boolean
  readonly tool?: Tool
  readonly loader?: string
}

/** As many as fit on a screen and into half a minute, where nothing else is asked. */
const lastUnlessTold = 20
const sampledRows = 20

/**
 * Proves the undos of a folder of migrations: needs no config, no service and no database, and changes none. Exit code 1
 * unless every undo is proved.
 */
export async function proveMigrationsCommand(
  directory: string | undefined,
  options: ProveMigrationsOptions,
): Promise<void> {
  const from = process.env.INIT_CWD ?? process.cwd()
  const { set, shadowUrl } = await findSet(from, directory, options)
  const range = rangeOf(options)
  const say = options.json === true ? () => {} : (line: string) => console.log(line)
  const total = new Set(set.migrations.map(({ group }) => group)).size
  say(
    `${set.migrations.length} ${set.tool} migrations in ${relative(from, set.directory) || '.'}; ${rangeWords(range, total)}`,
  )
  const width = Math.min(44, Math.max(...set.migrations.map(({ group }) => group.length)))
  const report = await withTarget(options, (target) =>
    proveMigrations(set, {
      ...range,
      ...target,
      ...(shadowUrl === undefined ? {} : { shadowUrl }),
      onBase: progress(options),
      onProof: (proof) => {
        clearProgress(options)
        for (const line of lines(proof, width)) say(line)
      },
    }),
  )
  const counts = { '✓': 0, '!': 0, '✗': 0 }
  for (const proof of report.proofs) counts[summaryOf(proof).mark]++
  if (options.json === true) {
    const proofs = report.proofs.map((proof) => ({ ...proof, summary: summaryOf(proof) }))
    console.log(JSON.stringify({ tool: set.tool, directory: set.directory, ...report, proofs }, null, 2))
  }
  say(
    `\n${counts['✓'] + counts['!']} of ${report.proofs.length} undos proved on PostgreSQL ${report.postgres} in ${(report.tookMs / 1_000).toFixed(1)} s` +
      `${counts['!'] > 0 ? `, ${counts['!']} with something to know` : ''}. Nothing but a throw-away database was touched.`,
  )
  if (report.proofs.some(({ ok }) => !ok)) throw new AnswerIsNo()
}

type Found = { readonly set: MigrationSet; readonly shadowUrl?: string | undefined }

async function findSet(
  from: string,
  directory: string | undefined,
  { tool, loader, shadow }: ProveMigrationsOptions,
): Promise<Found> {
  const options = tool === undefined ? {} : { tool }
  const top = resolve(from, directory ?? '.')
  if (loader !== undefined) {
    return { set: await readMigrations(top, { ...options, loader: resolve(from, loader) }), shadowUrl: shadow }
  }
  if (directory !== undefined) {
    const set = await readIfThere(top, options)
    if (set !== undefined) return { set, shadowUrl: shadow }
  }
  const configured = directory === undefined && tool === undefined ? await configuredSet(from) : undefined
  if (configured !== undefined) return { ...configured, shadowUrl: shadow ?? configured.shadowUrl }
  const [best, second] = await findMigrations(top)
  if (best === undefined) return { set: await readMigrations(top, options), shadowUrl: shadow }
  if (second !== undefined && second.count === best.count) {
    throw new SankofaError('MIGRATIONS_SEVERAL', {
      directories: [best.directory, second.directory].map((one) => relative(from, one)),
    })
  }
  const set = await readMigrations(best.directory, { root: top, tool: best.tool, ...options })
  return { set, shadowUrl: shadow }
}

/** `undefined` where it holds none itself: it may be the folder of a project. */
async function readIfThere(directory: string, options: { readonly tool?: Tool }): Promise<MigrationSet | undefined> {
  try {
    return await readMigrations(directory, options)
  } catch (error) {
    if (isSankofaError(error) && error.code === 'MIGRATIONS_NOT_FOUND') return undefined
    throw error
  }
}

/** What the config names; a project that has no config is new to Sankofa, and is looked through. */
async function configuredSet(from: string): Promise<Found | undefined> {
  if (!hasConfig(process.env, from)) return undefined
  const { config, loadMigrations } = await loadFiles()
  const set = await loadMigrations()
  return set === undefined ? undefined : { set, shadowUrl: config.migrations?.shadowUrl }
}

const rangeOf = ({ from, to, last }: ProveMigrationsOptions): Pick<ProveOptions, 'from' | 'to' | 'last'> => ({
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
  ...(last !== undefined ? { last } : from === undefined && to === undefined ? { last: lastUnlessTold } : {}),
})

function rangeWords({ from, to, last }: Pick<ProveOptions, 'from' | 'to' | 'last'>, total: number): string {
  if (from !== undefined || to !== undefined) {
    const most = last === undefined ? '' : `, at most the last ${last} of them`
    return `proving ${from ?? 'the first'} to ${to ?? 'the last'}${most}.`
  }
  return last !== undefined && last < total
    ? `proving the last ${last} (--from, --to, --last choose others).`
    : 'proving all.'
}

function* lines(proof: MigrationProof, width: number): Generator<string> {
  const { mark, text, next } = summaryOf(proof)
  const name = proof.group.length > width ? `${proof.group.slice(0, width - 1)}…` : proof.group.padEnd(width)
  yield `  ${mark} ${name}  ${text}`
  if (next !== undefined) yield `    ${' '.repeat(width)}  next: ${next}`
}

/** Reads of a live database: sizes, recorded statements, and rows when asked; on a session that cannot write. */
async function withTarget<T>(
  { target, sample }: ProveMigrationsOptions,
  use: (found: Partial<ProveOptions>) => Promise<T>,
): Promise<T> {
  if (target === undefined) {
    if (sample !== true) return use({})
    const problem = '--sample: there is no database to take rows from; expected --target URL with it.'
    throw new SankofaError('SETTINGS_WRONG', { problems: [problem] })
  }
  const pool = createPool({ url: target, max: 1, applicationName: 'sankofa-prove' })
  const client = await pool.connect().catch((cause: Error) => {
    const problem = `--target: the server cannot be used (${cause.message || String(cause)}); expected postgres://USER:PASSWORD@HOST:PORT/DATABASE.`
    throw new SankofaError('SETTINGS_WRONG', { problems: [problem] }, { cause })
  })
  try {
    await client.query('set session characteristics as transaction read only')
    const sizes = await readSizes(client)
    const statements = await readStatements(client)
    const { rows } = await client.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    return await use({
      sizes,
      statements,
      ...(rows[0] === undefined ? {} : { runsOn: rows[0].major }),
      ...(sample === true ? { sample: (shadow) => sampleRows(client, shadow, { rowsPerTable: sampledRows }) } : {}),
    })
  } finally {
    client.release(true)
    await pool.end()
  }
}

const shows = (options: OutputOptions): boolean => options.json !== true && process.stderr.isTTY === true

const progress =
  (options: OutputOptions) =>
  (done: number, of: number): void => {
    if (shows(options)) process.stderr.write(`\r  building the schema before: ${done + 1} of ${of} `)
  }

function clearProgress(options: OutputOptions): void {
  if (shows(options)) process.stderr.write('\r\u001b[2K')
}
