import { existsSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import { type Project, readProject } from '../project.ts'
import { type Command, runCommand } from '../run-command.ts'
import { type Candidate, findUpdates } from './find-updates.ts'
import { gitIn, gitResult } from './git.ts'
import { rememberedFailures } from './remembered-failures.ts'
import { bumpWords, type UpdateReport, type UpdateResult } from './result.ts'
import { type Bench, benchEnvironment, branchOf, runChecks, tryUpdate } from './try-update.ts'
import { makeWorktree, removeLeftBehind } from './worktree.ts'

export type UpdateEvent =
  | { readonly type: 'step'; readonly text: string }
  | { readonly type: 'line'; readonly line: string }
  | { readonly type: 'result'; readonly result: UpdateResult }

export type UpdateOptions = {
  readonly directory: string
  /** How long a version has to be out; 7 days unless told. One that mends a known fault need not wait. */
  readonly coolDownDays?: number
  /** The most that are tried in this run; 10 unless told. */
  readonly most?: number
  /** Only these packages. */
  readonly only?: readonly string[]
  /** The project's scripts that have to pass; its type check and its tests unless told. */
  readonly checks?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly now?: () => Date
  readonly signal?: AbortSignal
  onEvent?(event: UpdateEvent): void
}

const dayMs = 24 * 60 * 60 * 1_000

/**
 * Brings the packages that a project names itself up to date, one by one, each on a branch of its own that exists only
 * when the project's checks pass on it. Works in a worktree of the last commit: the user's own tree is not touched.
 *
 * @throws SankofaError `UPDATE_REFUSED` where it could not be told whether an update works: no git, no tests, tests that
 * fail already, another run at work; `PROJECT_WRONG`
 */
export async function updatePackages(options: UpdateOptions): Promise<UpdateReport> {
  const startedMs = performance.now()
  const { signal, onEvent, now = () => new Date() } = options
  const own = readProject(options.directory)
  const repository = await repositoryOf(own)
  const cleaned = await removeLeftBehind(repository)
  const base = await gitIn(repository, signal)('rev-parse', 'HEAD')
  const worktree = await makeWorktree(repository, base, signal)
  try {
    const env = { ...benchEnvironment, ...options.env }
    const run = (command: Command, cwd: string) => {
      const log = (line: string): void => onEvent?.({ type: 'line', line })
      return runCommand(command, { cwd, env, signal, log, onStart: worktree.onStart })
    }
    const project = readProject(join(worktree.path, relative(repository, own.directory)))
    const coolDownMs = (options.coolDownDays ?? 7) * dayMs
    const before = new Date(now().getTime() - coolDownMs)
    const bench: Bench = { project, tree: worktree.path, base, checks: checksOf(project, options), before, run, signal }
    await prepare(bench, onEvent)
    onEvent?.({ type: 'step', text: 'Ask the registry what is newer' })
    const { only } = options
    const asking = { cwd: project.root, env, signal, now: now(), coolDownMs, ...(only === undefined ? {} : { only }) }
    const found = await findUpdates(project, asking)
    for (const result of found.results) onEvent?.({ type: 'result', result })
    const tried = await tryAll(bench, found.candidates, options)
    return { base, results: [...tried, ...found.results], cleaned, tookMs: performance.now() - startedMs }
  } finally {
    await worktree.remove()
  }
}

async function tryAll(
  bench: Bench,
  candidates: readonly Candidate[],
  { most = 10, onEvent }: UpdateOptions,
): Promise<readonly UpdateResult[]> {
  const git = gitIn(bench.tree, bench.signal)
  const failures = rememberedFailures(await git('rev-parse', '--path-format=absolute', '--git-common-dir'))
  const failedBefore = (one: Candidate): number => Number(failures.has(branchOf(one)))
  const results: UpdateResult[] = []
  let tried = 0
  for (const candidate of candidates.toSorted((one, other) => failedBefore(one) - failedBefore(other))) {
    const packages = candidate.map(({ name, from, to }) => ({ name, from, to }))
    const branch = branchOf(packages)
    const there = await gitResult(
      bench.tree,
      ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`],
      bench.signal,
    )
    let result: UpdateResult
    if (there.code === 0) {
      result = { state: 'nothing to do', packages, reason: `branch ${branch} has it: merge it, or delete it` }
    } else if (tried >= most) {
      const reach = candidate[0]?.reach ?? 'minor'
      result = { state: 'waits', packages, reach, reason: `${most} are tried in one run; run it again` }
    } else {
      tried++
      onEvent?.({ type: 'step', text: `Try ${bumpWords(packages)}` })
      result = await tryUpdate(bench, candidate)
      if (result.state === 'failed') failures.add(branch)
      else failures.drop(branch)
    }
    results.push(result)
    onEvent?.({ type: 'result', result })
  }
  return results
}

/** What fails before any update says nothing about updates. */
async function prepare(bench: Bench, onEvent: UpdateOptions['onEvent']): Promise<void> {
  const { project, run, base } = bench
  onEvent?.({ type: 'step', text: `Install and test ${base.slice(0, 10)} as it is` })
  const { code, lastLines } = await run(project.commands.cleanInstall, project.root)
  if (code !== 0) {
    throw new SankofaError('UPDATE_REFUSED', {
      reason: `"${project.commands.cleanInstall.join(' ')}" fails on the last commit: ${lastLines.slice(-3).join(' ')}`,
      next: 'Mend that first; only what is committed is there.',
    })
  }
  if (!existsSync(join(project.root, 'node_modules'))) {
    throw new SankofaError('UPDATE_REFUSED', {
      reason: "what is installed is in no node_modules, as with Yarn's plug'n'play, which is not known here.",
      next: 'Set "nodeLinker: node-modules" in .yarnrc.yml, or let Renovate make the updates.',
    })
  }
  const why = await runChecks(bench)
  if (why === undefined) return
  throw new SankofaError('UPDATE_REFUSED', {
    reason: `${why.reason}, on the last commit, before any update.`,
    next: 'Mend that first; only what is committed is there, without files that git ignores.',
  })
}

function checksOf({ scripts }: Project, { checks }: UpdateOptions): readonly string[] {
  if (checks !== undefined) return checks
  if (scripts.test === undefined) {
    throw new SankofaError('UPDATE_REFUSED', {
      reason: 'the project has no tests, so nothing could tell whether an update works.',
      next: 'Give package.json a script "test", or name others with --checks build.',
    })
  }
  return [scripts.typecheck, scripts.test].filter((one) => one !== undefined)
}

async function repositoryOf({ root, lockFile }: Project): Promise<string> {
  const { code, stdout } = await gitResult(root, ['rev-parse', '--show-toplevel'])
  if (code !== 0) {
    throw new SankofaError('UPDATE_REFUSED', {
      reason: `${root} is in no git repository.`,
      next: 'Updates are kept as branches: run "git init" and commit first.',
    })
  }
  if (lockFile === undefined) {
    throw new SankofaError('UPDATE_REFUSED', {
      reason: 'the project has no dependencies.',
      next: 'Nothing is to be done.',
    })
  }
  return realpathSync(stdout.trim())
}
