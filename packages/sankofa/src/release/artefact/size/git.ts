import { SankofaError } from '../../../core/index.ts'
import { cleanEnvironment, runCommand } from '../run-command.ts'

/** A repository, asked by git's plumbing, whose output no setting of the user alters. */
export type Git = {
  (...args: readonly string[]): Promise<string>
  /** @throws SankofaError `RELEASE_SOURCE_WRONG` */
  commit(ref: string): Promise<string>
  withInput(input: string, environment: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Buffer>
}

export function openGit(repository: string, signal?: AbortSignal): Git {
  const options = { doing: 'asking git', cwd: repository, signal }
  const git = async (...args: readonly string[]): Promise<string> =>
    (await runCommand(['git', ...args], options)).output
  return Object.assign(git, {
    async commit(ref: string) {
      const command = ['git', 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
      const { code, output } = await runCommand(command, { ...options, answers: [0, 1, 128] })
      if (code === 0) return output.trim()
      const next =
        'Run "git fetch" (a shallow clone lacks older commits: "git fetch --unshallow"), or name another one.'
      throw new SankofaError('RELEASE_SOURCE_WRONG', {
        source: `${ref} of ${repository}`,
        reason: 'there is no such commit, branch or tag',
        next,
      })
    },
    async withInput(input: string, environment: NodeJS.ProcessEnv, ...args: readonly string[]) {
      return (await runCommand(['git', ...args], { ...options, input, environment: cleanEnvironment(environment) }))
        .bytes
    },
  })
}

/** Texts of files by `commit:path`, those that are not there left out. */
export async function readBlobs(git: Git, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const usable = names.filter((name) => !name.includes('\n'))
  if (usable.length === 0) return found
  const output = await git.withInput(`${usable.join('\n')}\n`, {}, 'cat-file', '--batch')
  let offset = 0
  for (const name of usable) {
    const end = output.indexOf(10, offset)
    if (end < 0) break
    const header = output.toString('utf8', offset, end)
    offset = end + 1
    const size = / blob (\d+)$/.exec(header)?.[1]
    if (size === undefined) continue
    found.set(name, output.toString('utf8', offset, offset + Number(size)))
    offset += Number(size) + 1
  }
  return found
}
