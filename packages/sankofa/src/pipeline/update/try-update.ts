import { relative } from 'node:path'
import type { Project } from '../project.ts'
import type { Command, CommandResult } from '../run-command.ts'
import { asInCi } from '../step.ts'
import { failingTests, failingWords } from '../steps/failing-tests.ts'
import { type Candidate, installedVersion } from './find-updates.ts'
import { gitIn, gitResult } from './git.ts'
import { specFor, specsOf, writeSpecs } from './manifest.ts'
import { type Bump, bumpWords, type UpdateResult } from './result.ts'
import { keepInYarnLock } from './yarn-lock.ts'

export type Bench = {
  /** The project in its worktree, installed. */
  readonly project: Project
  readonly tree: string
  readonly base: string
  readonly checks: readonly string[]
  /** Nothing published after it comes along with an update that may wait. */
  readonly before: Date
  run(command: Command, cwd: string): Promise<CommandResult>
  readonly signal?: AbortSignal | undefined
}

/** The environment of everything that runs on the bench. */
export const benchEnvironment = asInCi

type Failed = Extract<UpdateResult, { state: 'failed' }>
type Why = Pick<Failed, 'at' | 'reason' | 'tests' | 'lastLines'>

/** Brings a candidate in on the bench, runs the project's checks, and keeps it as a branch when they pass. */
export async function tryUpdate(bench: Bench, candidate: Candidate): Promise<UpdateResult> {
  const startedMs = performance.now()
  const packages = candidate.map(({ name, from, to }): Bump => ({ name, from, to }))
  const reach = candidate.some((one) => one.reach === 'major') ? 'major' : 'minor'
  const security = candidate.some((one) => one.security)
  await resetBench(bench)
  const why = (await bringIn(bench, candidate, security)) ?? (await runChecks(bench))
  const tookMs = performance.now() - startedMs
  if (why !== undefined) return { state: 'failed', packages, reach, ...why, tookMs }
  const kept = await keep(bench, packages)
  return 'commit' in kept
    ? { state: 'updated', packages, reach, security, ...kept, tookMs }
    : { state: 'failed', packages, reach, ...kept, tookMs }
}

/** As the base has it; what is installed is brought into line by the next install. */
export async function resetBench({ tree, base, signal }: Bench): Promise<void> {
  const git = gitIn(tree, signal)
  await git('reset', '--quiet', '--hard', base)
  await git('clean', '-ffdxq', '-e', 'node_modules')
}

async function bringIn(bench: Bench, candidate: Candidate, security: boolean): Promise<Why | undefined> {
  const { project, tree, base, run, signal } = bench
  const manifests = project.packages.map(({ directory }) => directory)
  // First exactly this version, then the range that the project wants: a range alone could bring a still newer one in.
  const exact = new Map(candidate.map(({ name, to }) => [name, (): string => to]))
  const ranges = new Map(candidate.map(({ name, to }) => [name, (spec: string): string => specFor(spec, to)]))
  const cutOff = project.manager === 'npm' && !security ? [`--before=${bench.before.toISOString()}`] : []
  const install: Command = [...project.commands.install, ...cutOff]
  for (const directory of manifests) writeSpecs(directory, exact)
  const first = await run(install, project.root)
  if (first.code !== 0) return installFailed(first)
  const files = manifests.map((directory) => relative(tree, `${directory}/package.json`))
  await gitIn(tree, signal)('checkout', '--quiet', base, '--', ...files)
  for (const { name, to } of candidate) {
    const specs = project.packages.flatMap(({ manifest }) => specsOf(manifest).get(name) ?? [])
    const kept = { name, version: to, specs: specs.map((spec) => specFor(spec, to)) }
    if (project.manager.startsWith('yarn') && project.lockFile !== undefined) {
      keepInYarnLock(project.lockFile, project.manager, kept)
    }
  }
  for (const directory of manifests) writeSpecs(directory, ranges)
  const second = await run(install, project.root)
  if (second.code !== 0) return installFailed(second)
  for (const { name, to } of candidate) {
    const users = project.packages.filter(({ manifest }) =>
      [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].some((one) => one?.[name]),
    )
    const version = users.map(({ directory }) => installedVersion(name, directory, project.root))[0]
    if (version !== to) {
      const reason = `${name} ${to} was asked for, and ${version ?? 'nothing'} was installed`
      return { at: 'install', reason, tests: [], lastLines: second.lastLines }
    }
  }
  return undefined
}

const installFailed = ({ code, stdout, stderr, lastLines }: CommandResult): Why => {
  const error = /\b(E[A-Z]{3,}|ERR_PNPM_\w+)\b/.exec(`${stderr}\n${stdout}`)?.[1]
  const reason = `the install failed${error === undefined ? ` (${code ?? 'ended by a signal'})` : ` (${error})`}`
  return { at: 'install', reason, tests: [], lastLines }
}

/** Runs the project's own scripts. @returns the first that fails */
export async function runChecks({ project, checks, run }: Bench): Promise<Why | undefined> {
  for (const script of checks) {
    const { code, stdout, stderr, lastLines } = await run(project.commands.run(script), project.directory)
    if (code === 0) continue
    const tests = failingTests(`${stdout}\n${stderr}`)
    const reason = tests.length > 0 ? `a test fails: ${failingWords(tests)}` : `"${script}" fails`
    return { at: script, reason, tests, lastLines }
  }
  return undefined
}

/** A branch appears only with its commit: a run that is killed before leaves none behind. */
async function keep(
  { project, tree, signal }: Bench,
  packages: readonly Bump[],
): Promise<{ readonly branch: string; readonly commit: string } | Why> {
  const git = gitIn(tree, signal)
  const files = project.packages.map(({ directory }) => `${directory}/package.json`)
  const lock = project.lockFile === undefined ? [] : [project.lockFile]
  await git('add', '--', ...[...files, ...lock].map((file) => relative(tree, file)))
  const message = `Update ${bumpWords(packages).replaceAll(' → ', ' to ')}`
  const { code, stderr, lastLines } = await gitResult(tree, ['commit', '--quiet', '--no-verify', '-m', message], signal)
  if (code !== 0) {
    const reason = `git did not commit it: ${stderr.trim().split('\n')[0] || 'nothing changed'}`
    return { at: 'commit', reason, tests: [], lastLines }
  }
  const branch = branchOf(packages)
  await git('branch', branch, 'HEAD')
  return { branch, commit: await git('rev-parse', 'HEAD') }
}

/** `sankofa/update-PACKAGE-VERSION`; of several the first names it. A scope's slash would make a folder of it. */
export function branchOf([first]: readonly Bump[]): string {
  return `sankofa/update-${first?.name.replace('/', '+') ?? ''}-${first?.to ?? ''}`
}
