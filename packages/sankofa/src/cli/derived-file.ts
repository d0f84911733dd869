import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'

const mark = '-- Derived by sankofa, '

const hashOf = (sql: string): string => createHash('sha256').update(sql).digest('hex').slice(0, 16)

/** With a first line by which it is known again as long as nobody has edited it. */
const marked = (sql: string): string => `${mark}${hashOf(sql)}: edit it, and it is yours and not overwritten.\n${sql}`

/** Nobody has written a word of it. */
function isOnlyDerived(text: string): boolean {
  if (text.trim() === '') return true
  const end = text.indexOf('\n')
  return text.startsWith(mark) && text.slice(mark.length, end).startsWith(`${hashOf(text.slice(end + 1))}:`)
}

/**
 * Writes what was derived, unless that would lose what a person wrote.
 *
 * @returns was it written?
 */
export async function writeDerived(file: string, sql: string, options: { readonly force: boolean }): Promise<boolean> {
  const former = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (former !== undefined && !options.force && !isOnlyDerived(former)) return false
  await writeFile(file, marked(sql), former === undefined ? { flag: 'wx' } : {})
  return true
}
