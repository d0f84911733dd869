import { type CommandResult, runCommand } from '../run-command.ts'

export type Git = (...args: readonly string[]) => Promise<string>

/** Git in a folder, without the user's hooks: they would run in a tree that is not theirs. */
export const gitIn =
  (cwd: string, signal?: AbortSignal): Git =>
  async (...args) => {
    const result = await gitResult(cwd, args, signal)
    if (result.code !== 0)
      throw new Error(`git ${args.join(' ')}: ${result.stderr.trim() || `ended with ${result.code}`}`)
    return result.stdout.trim()
  }

export const gitResult = (cwd: string, args: readonly string[], signal?: AbortSignal): Promise<CommandResult> =>
  runCommand(['git', '-c', 'core.hooksPath=/dev/null', ...args], {
    cwd,
    env: { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
    signal,
  })
