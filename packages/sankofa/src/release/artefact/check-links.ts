import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { listFiles } from './file-list.ts'
import { refuse } from './source/refuse.ts'
import { linkProblem } from './what-ships.ts'

/** @throws SankofaError `RELEASE_FILES_REFUSED` for links that lead out of the folder */
export async function checkLinks(folder: string, source: string): Promise<void> {
  const problems: string[] = []
  for (const { path, is } of await listFiles(folder)) {
    if (is !== 'link') continue
    const problem = linkProblem(path, await readlink(join(folder, path)))
    if (problem !== undefined) problems.push(`${path} ${problem}`)
  }
  refuse(source, problems)
}
