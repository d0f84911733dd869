import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Builds the console's web app where its sources are newer, in a process of its own: the bundler sets NODE_ENV and keeps
 * memory, and neither may reach what runs afterwards.
 */
export async function buildConsole(root: string): Promise<void> {
  const program = join(root, 'packages/console/build.ts')
  try {
    await promisify(execFile)(process.execPath, ['--conditions=sankofa-source', program], { cwd: root })
  } catch (cause) {
    const said = String((cause as { readonly stderr?: string }).stderr ?? cause).trim()
    throw new Error(`the console could not be built: ${said}`, { cause })
  }
}
