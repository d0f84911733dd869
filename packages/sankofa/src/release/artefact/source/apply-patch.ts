import { dirname } from 'node:path'
import { checkLinks } from '../check-links.ts'
import { cleanEnvironment, runCommand } from '../run-command.ts'

/** Applies a unified diff in the folder, whole or not at all; it reaches nothing outside. */
export async function applyPatch(folder: string, patch: string, signal?: AbortSignal): Promise<void> {
  await runCommand(['git', 'apply', '--whitespace=nowarn', '-'], {
    doing: 'applying the patch',
    cwd: folder,
    input: patch.endsWith('\n') ? patch : `${patch}\n`,
    signal,
    // Below a repository git would take the patch's paths from that one's root, and skip them all without a word.
    environment: cleanEnvironment({ GIT_CEILING_DIRECTORIES: dirname(folder) }),
  })
  await checkLinks(folder, 'the patch')
}
