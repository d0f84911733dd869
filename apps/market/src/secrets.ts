import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The secret in `directory`, made by whoever comes first; readable by its owner only. */
export async function readOrMakeSecret(directory: string): Promise<string> {
  const file = join(directory, 'secret')
  await mkdir(directory, { recursive: true })
  await writeFile(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return (await readFile(file, 'utf8')).trim()
}

/** Sessions and webhooks are signed with a secret of their own, so that one use cannot be turned into another. */
export const marketSecret = (secret: string): string =>
  createHmac('sha256', secret).update('market').digest('base64url')
