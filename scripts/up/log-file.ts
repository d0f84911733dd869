import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const largestBytes = 10_000_000

export type LogFile = { readonly path: string; write(chunk: Buffer | string): void }

/** A log that keeps its newest 10 to 20 MB: at 10 MB the file becomes NAME.1 and a new one begins. */
export function openLogFile(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true })
  let size = sizeOf(path)
  return {
    path,
    write(chunk) {
      try {
        if (size > largestBytes) {
          renameSync(path, `${path}.1`)
          size = 0
        }
        appendFileSync(path, chunk)
        size += chunk.length
      } catch {
        // The disk is full: the service must go on without its log; the disk rule tells people.
      }
    },
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}
