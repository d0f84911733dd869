import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * `SANKOFA_SECRET`, else what the file `secret` in `directory` holds, made by whoever comes first and readable by its owner
 * only. Services, gateway and watcher of one host share it: it keys the hashes of subjects.
 */
export async function findSecret(directory: string, environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const given = environment.SANKOFA_SECRET
  if (given !== undefined && given !== '') return given
  const file = join(directory, 'secret')
  await mkdir(directory, { recursive: true })
  await writeFile(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return (await readFile(file, 'utf8')).trim()
}
