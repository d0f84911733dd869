import { join } from 'node:path'
import type { ReleaseId } from '../../core/index.ts'
import { isSankofaError } from '../../core/index.ts'
import { layoutOf, readRelease, unpackRelease } from '../../release/index.ts'
import { findDirectory } from '../find-config.ts'
import { errorEntry } from '../output.ts'
import type { Received } from '../ship/received.ts'

/** `release`: only say whether it is here; nothing is read. */
export type ReceiveOptions = { readonly release?: string }

/**
 * The host's end of `sankofa ship` over SSH: takes a packed release from standard input and makes it here, whole or not at
 * all. One line of JSON says what came of it; its steps go to standard error.
 */
export async function receiveCommand(options: ReceiveOptions): Promise<void> {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ending.abort())
  const layout = layoutOf(join(findDirectory(process.env, process.env.INIT_CWD ?? process.cwd()), 'host'))
  try {
    if (options.release !== undefined) {
      const manifest = await readRelease(layout, options.release as ReleaseId).catch((error: unknown) => {
        if (isSankofaError(error) && error.code === 'RELEASE_UNKNOWN') return undefined
        throw error
      })
      answer({ answer: 'received', has: manifest?.digest ?? null })
      return
    }
    const made = await unpackRelease(layout, process.stdin, {
      signal: ending.signal,
      onStep({ step, state, detail = '' }) {
        if (state === 'done') process.stderr.write(`sankofa: ${step}: ${detail}\n`)
      },
    })
    answer({ answer: 'received', has: made.manifest.digest, reused: made.reused })
  } catch (error) {
    answer({ answer: 'received', ...errorEntry(error) })
    process.exitCode = 1
  } finally {
    // Whoever sends may go on: nobody reads it.
    process.stdin.destroy()
  }
}

const answer = (value: Received): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
