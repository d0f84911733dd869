import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { lineDiff } from './line-diff.ts'

export type Written =
  | { readonly state: 'written' | 'unchanged' }
  /** Somebody wrote or edited it: nothing was changed. */
  | { readonly state: 'refused'; readonly reason: string; readonly diff: readonly string[] }

const marker = /^# Written by sankofa, ([0-9a-f]{16})\. .*\r?\n/

/** Writes a generated file, but never over what a person wrote or edited: its first line holds the hash of the others. */
export function writeMarked(file: string, text: string): Written {
  const whole = marked(text)
  const before = readIfThere(file)
  if (before === whole) return { state: 'unchanged' }
  if (before !== undefined) {
    const [line, hash] = marker.exec(before) ?? []
    const untouched = line !== undefined && hashOf(before.slice(line.length)) === hash
    if (!untouched) {
      const reason =
        line === undefined ? `${file} was not written by sankofa` : `${file} was edited since sankofa wrote it`
      return {
        state: 'refused',
        reason: `${reason}, so it was left alone. Take over by hand what you want of this, or delete it and run this again.`,
        diff: lineDiff(before, whole),
      }
    }
  }
  mkdirSync(dirname(file), { recursive: true })
  // Renamed into place, so that a kill leaves the old file or the new one.
  const part = `${file}.${randomBytes(4).toString('hex')}.part`
  writeFileSync(part, whole)
  renameSync(part, file)
  return { state: 'written' }
}

const marked = (text: string): string =>
  `# Written by sankofa, ${hashOf(text)}. "sankofa ship --ci" writes it anew as long as nobody edits it.\n${text}`

// A checkout on Windows may have turned the line ends: that is no edit.
const hashOf = (text: string): string =>
  createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex').slice(0, 16)

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
