import { relative } from 'node:path'
import { isSankofaError, SankofaError } from '../../core/index.ts'
import { createPool } from '../../db/index.ts'
import {
  type MigrationProof,
  type ProveOptions,
  proveMigrations,
  readSizes,
  type Summary,
  sampleRows,
  type Tool,
} from '../../migrate/index.ts'
import { readStatements } from '../../observe/index.ts'
import { changeOfGroup } from '../declared.ts'
import { findDirectory, hasConfig, hasDatabaseUrl } from '../find-config.ts'
import { findSet } from '../find-set.ts'
import { neededFirst, type Place, summaryHere } from '../next-step.ts'
import { AnswerIsNo, errorEntry, type OutputOptions } from '../output.ts'

export type ProveMigrationsOptions = OutputOptions & {
  readonly from?: string
  readonly to?: string
  readonly last?: number
  readonly shadow?: string
  readonly target?: string
  readonly sample?: boolean
  readonly tool?: Tool
  readonly loader?: string
  /** Where a change was named and its proof cannot be kept, as there is no database. */
  readonly unkept?: boolean
}

/** As many as fit on a screen and into half a minute, where nothing else is asked. */
const lastUnlessTold = 20
const sampledRows = 20

type Proved = { readonly proof: MigrationProof; readonly summary: Summary }

/**
 * Proves the undos of a folder of migrations: needs no config, no service and no database, and changes none. Exit code 1
 * unless every undo is proved.
 */
export async function proveMigrationsCommand(
  directory: string | undefined,
  options: ProveMigrationsOptions,
): Promise<void> {
  const startedMs = performance.now()
  const from = process.env.INIT_CWD ?? process.cwd()
  const place: Place = { from, directory, found: await findSet(from, directory, options) }
  const { set, shadowUrl } = place.found
  const range = rangeOf(options)
  const say = options.json === true ? () => {} : (line: string) => console.log(line)
  const total = new Set(set.migrations.map(({ group }) => group)).size
  say(
    `${set.migrations.length} ${set.tool} migrations in ${relative(from, set.directory) || '.'}; ${rangeWords(range, total)}`,
  )
  const width = Math.min(44, Math.max(...set.migrations.map(({ group }) => group.length)))
  const proved: Proved[] = []
  const inJson = (more: object): void => {
    if (options.json !== true) return
    const proofs = proved.map(({ proof, summary }) => ({ ...proof, summary }))
    console.log(JSON.stringify({ tool: set.tool, directory: set.directory, ...more, proofs }, null, 2))
  }
  const report = await withTarget(options, (target) =>
    proveMigrations(set, {
      ...range,
      ...target,
      ...(shadowUrl === undefined ? {} : { shadowUrl }),
      onBase: progress(options),
      onProof(proof) {
        clearProgress(options)
        const summary = summaryHere(proof, place)
        proved.push({ proof, summary })
        for (const line of lines(proof.group, summary, width)) say(line)
      },
    }),
  ).catch((error: unknown) => {
    clearProgress(options)
    // What was proved before it stays proved.
    inJson({ tookMs: performance.now() - startedMs, ...errorEntry(error) })
    if (proved.length > 0) say(`\n${countWords(proved)}, then it could not go on:`)
    throw error
  })
  const { proofs: _, ...rest } = report
  const notLooked = options.target === undefined ? notLookedAt : []
  inJson({ ...rest, notLookedAt: notLooked })
  const know = proved.filter(({ summary }) => summary.mark === '!').length
  say(
    `\n${countWords(proved)} on PostgreSQL ${report.postgres} in ${(report.tookMs / 1_000).toFixed(1)} s` +
      `${know > 0 ? `, ${know} with something to know` : ''}. Nothing but a throw-away database was touched.`,
  )
  if (notLooked.length > 0) say(`Not looked at without --target URL: ${notLooked.join(', ')}.`)
  const needed = neededFirst(
    proved.map(({ summary }) => summary.next),
    place,
  )
  if (needed !== undefined) say(needed)
  if (options.unkept === true) say('The proof is not kept: "npx sankofa go", with DATABASE_URL, makes its own.')
  if (report.proofs.some(({ ok }) => !ok)) throw new AnswerIsNo()
}

/** Only a live database knows it. */
const notLookedAt: readonly string[] = ['the live schema', 'the sizes of its tables', 'what the running release sends']

/**
 * The group that a name means, where the service's database is not named or there is no config: then its proof is made from
 * the files alone, as it touches nothing live.
 */
export async function migrationByFiles(name: string, options: ProveMigrationsOptions): Promise<string | undefined> {
  const from = process.env.INIT_CWD ?? process.cwd()
  const isKept = hasConfig(process.env, from) && hasDatabaseUrl(process.env, findDirectory(process.env, from))
  if (isKept && options.target === undefined) return undefined
  const found = await findSet(from, undefined, options).catch((error: unknown) => {
    // It may be the name of a flag.
    if (isSankofaError(error) && error.code === 'MIGRATIONS_NOT_FOUND') return undefined
    throw error
  })
  const migrations = found?.set.migrations ?? []
  const named = migrations.find(({ id, group }) => id === name || group === name || changeOfGroup(group) === name)
  if (named === undefined && migrations.length > 0 && !hasConfig(process.env, from)) {
    // Without a config there is no flag that it could be.
    const known = migrations.slice(-5).map(({ group }) => group)
    throw new SankofaError('MIGRATION_GROUP_UNKNOWN', { group: name, known })
  }
  return named?.group
}

const countWords = (proved: readonly Proved[]): string =>
  `${proved.filter(({ proof }) => proof.ok).length} of ${proved.length} undos proved`

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

function* lines(group: string, { mark, text, next }: Summary, width: number): Generator<string> {
  const name = group.length > width ? `${group.slice(0, width - 1)}…` : group.padEnd(width)
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
