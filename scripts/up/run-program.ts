import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * Runs a program of this repository to its end, in a process of its own: what it loads and sets must not stay with whoever
 * waits for it.
 *
 * @returns what it printed
 * @throws Error with what it said last
 */
export async function runProgram(
  what: string,
  path: string,
  options: { readonly root: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=sankofa-source', '--disable-warning=ExperimentalWarning', path],
      { cwd: options.root, env: { ...process.env, ...options.environment } },
    )
    return stdout
  } catch (cause) {
    const said = String((cause as { readonly stderr?: string }).stderr ?? cause).trim()
    throw new Error(`${what}: ${said}`, { cause })
  }
}
