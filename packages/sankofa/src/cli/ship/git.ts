import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a hook of git leaves in the environment names its own repository, not the folder that is asked about. */
const ofHook = /^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY)$/

/** What git answers, in a line; `undefined` where it says no, or is not there. */
export async function askGit(cwd: string, ...args: readonly string[]): Promise<string | undefined> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofHook.test(name)))
  try {
    const { stdout } = await promisify(execFile)('git', [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 })
    return stdout.trim()
  } catch {
    return undefined
  }
}

/** The repository that a folder is in; one without a commit counts as none. */
export async function topOfGit(folder: string): Promise<string | undefined> {
  const head = await askGit(folder, 'rev-parse', '--verify', '--quiet', 'HEAD')
  return head === undefined ? undefined : askGit(folder, 'rev-parse', '--show-toplevel')
}
