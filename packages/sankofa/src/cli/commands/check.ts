import { basename, join } from 'node:path'
import { lintStep, readProject, runSteps, type Step, typecheckStep } from '../../pipeline/index.ts'
import { layoutOf, type Source } from '../../release/index.ts'
import { actorName, type Context, loadFiles, openContext } from '../context.ts'
import { findDirectory, hasConfig, hasDatabaseUrl } from '../find-config.ts'
import { untilInterrupted } from '../interrupted.ts'
import { keepOutOfGit } from '../keep-out-of-git.ts'
import { AnswerIsNo } from '../output.ts'
import type { ReleaseSettings } from '../release-settings.ts'
import { type Base, baseOfRunning, baseUpstream } from '../ship/base.ts'
import { checkSteps, measureStep } from '../ship/checks.ts'
import { pendingGroups } from '../ship/expand.ts'
import { removeCopies } from '../ship/layout-of-checks.ts'
import { showReadably } from '../ship/readable.ts'
import { whatRuns } from '../ship/running.ts'
import { type SourceOptions, sourceOf } from '../ship/source.ts'
import { stepsDone } from '../ship/steps-done.ts'
import { toProveOf, toProveSince } from '../ship/to-prove.ts'

export type CheckOptions = SourceOptions & {
  readonly json?: boolean
  readonly quick?: boolean
  readonly big?: string
}

/** A hook waits for it: a database that is far or away is not worth more. */
const databaseWithinMs = 2_000

type Here = Pick<Context, 'config' | 'loadMigrations' | 'actor'> & { readonly settings: ReleaseSettings }
type Known = { readonly base: Base; readonly pending: readonly string[] | undefined }

/**
 * What `sankofa ship` checks before anything goes live, and nothing else: needs no database, no host and no config. What was
 * checked before for the same content is not repeated, by a later `ship` either. Exit code 1 when something is wrong.
 */
export async function checkCommand(options: CheckOptions): Promise<void> {
  const { signal } = untilInterrupted()
  const from = process.env.INIT_CWD ?? process.cwd()
  const directory = findDirectory(process.env, from)
  await keepOutOfGit(directory)
  const here = await readHere(from)
  const source = await sourceOf(options, from)
  const steps =
    options.quick === true
      ? await quickSteps(here, source, directory, from, options)
      : await wholeSteps(here, source, directory, options)
  const view = await showReadably(steps, options.json === true)
  try {
    const outcome = await runSteps(steps, {
      onEvent: view.onEvent,
      remember: stepsDone(join(directory, 'ship-steps.json')),
      signal,
    })
    await view.end(outcome)
    if (outcome.state !== 'done') throw new AnswerIsNo()
    if (options.json !== true && options.quick !== true)
      console.log('Nothing stands against it. Let it out with: npx sankofa ship')
  } finally {
    await removeCopies(layoutOf(join(directory, 'host')))
  }
}

async function wholeSteps(
  here: Here,
  source: Source,
  directory: string,
  { big }: CheckOptions,
): Promise<readonly Step[]> {
  const repository = repositoryOf(source)
  const { base, pending } = await whatIsKnown(source, directory)
  const set = await here.loadMigrations()
  const migrations =
    pending === undefined ? await toProveSince(set, repository, base, refOf(source)) : toProveOf(set, pending)
  const { settings } = here
  const layout = layoutOf(join(directory, 'host'))
  return checkSteps({ context: here, settings, layout, source, repository, base, migrations, big })
}

/** For a hook: in the folder as it is, seconds. */
async function quickSteps(
  { settings }: Here,
  source: Source,
  directory: string,
  from: string,
  { big }: CheckOptions,
): Promise<readonly Step[]> {
  const project = readProject(from)
  const { base } = await whatIsKnown(source, directory)
  return [
    lintStep(project),
    typecheckStep(project),
    measureStep({ settings, repository: repositoryOf(source), source, base, big }),
  ]
}

/** A project that has no config yet is checked all the same. */
async function readHere(from: string): Promise<Here> {
  const actor = actorName()
  const placeholder: ReleaseSettings = { start: ['node'] }
  if (!hasConfig(process.env, from)) {
    const config = { service: basename(from) || 'service' }
    return { config, loadMigrations: async () => undefined, actor, settings: placeholder }
  }
  const files = await loadFiles()
  return { ...files, actor, settings: files.config.release ?? placeholder }
}

/** What runs, where a database tells it in time; else the upstream branch. */
async function whatIsKnown(source: Source, directory: string): Promise<Known> {
  const repository = repositoryOf(source)
  const running = await fromDatabase(directory, repository).catch(() => undefined)
  if (running?.base.commit !== undefined) return running
  const upstream = await baseUpstream(repository, refOf(source), process.env)
  const why = running === undefined || upstream.commit === undefined ? '' : `, as ${running.base.words}`
  return {
    base: upstream.commit === undefined ? upstream : { ...upstream, words: `${upstream.words}${why}` },
    pending: running?.pending,
  }
}

async function fromDatabase(directory: string, repository: string | undefined): Promise<Known | undefined> {
  if (!hasDatabaseUrl(process.env, directory)) return undefined
  const context = await openContext({ maximumConnections: 2 })
  const ask = async (): Promise<Known> => ({
    base: await baseOfRunning(repository, await whatRuns(context)),
    pending: await pendingGroups(context, []),
  })
  const asked = ask()
  // An answer that comes too late is nobody's.
  asked.catch(() => {}).finally(() => void context.pool.end().catch(() => {}))
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), databaseWithinMs)
  })
  try {
    return await Promise.race([asked, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

const repositoryOf = (source: Source): string | undefined => (source.kind === 'git' ? source.repository : undefined)
const refOf = (source: Source): string => (source.kind === 'git' ? source.ref : 'HEAD')
