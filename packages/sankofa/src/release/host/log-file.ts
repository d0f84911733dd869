import { closeSync, copyFileSync, fstatSync, mkdirSync, openSync, readSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'

/** Two files of this size at most for each release. */
const maximumBytes = 8 * 1024 * 1024

export type OpenLog = { readonly fd: number; readonly path: string; readonly from: number; close(): void }

/** Opened for appending: the process keeps it when the keeper dies, and goes on at the start when it is cut. */
export function openLog(path: string): OpenLog {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rotateLog(path)
  const fd = openSync(path, 'a', 0o600)
  return { fd, path, from: fstatSync(fd).size, close: () => closeSync(fd) }
}

/**
 * Keeps one older file beside. Copied and cut, not renamed: the process that writes holds the file itself, and would
 * go on in the renamed one. What it writes between the copy and the cut is lost.
 */
export function rotateLog(path: string, bytes = maximumBytes): void {
  let size: number
  try {
    size = statSync(path).size
  } catch {
    return
  }
  if (size < bytes) return
  copyFileSync(path, `${path}.1`)
  truncateSync(path, 0)
}

/** The end of what was written since `from`. */
export function lastWords(path: string, from: number, characters = 2_000): string {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(fd)
    // Four bytes a character at most; smaller than `from` when it was cut meanwhile.
    const begin = Math.max(size < from ? 0 : from, size - characters * 4)
    const buffer = Buffer.alloc(Math.max(0, size - begin))
    readSync(fd, buffer, 0, buffer.length, begin)
    return buffer.toString('utf8').trim().slice(-characters)
  } finally {
    closeSync(fd)
  }
}
