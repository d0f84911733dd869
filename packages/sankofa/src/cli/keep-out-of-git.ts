import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What Sankofa keeps in a project belongs to this machine: it is neither committed nor shown as a change. */
export async function keepOutOfGit(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, '.gitignore'), '# Written by sankofa: what is here belongs to this machine.\n*\n', {
    flag: 'wx',
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
