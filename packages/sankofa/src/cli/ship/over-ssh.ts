import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { commandThere, type SshHost } from './ssh-host.ts'

export type SshEnd = {
  /** `null` when a signal ended it; 255 is ssh's own. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** ssh itself could not be started. */
  readonly notStarted?: string
}

/** Asks no questions, and finds out within a minute that the other end has gone. */
const options = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=15', 'ServerAliveCountMax=3']
const keptCharacters = 64_000
/** A connection that ssh shares with later ones keeps the streams open when this one has ended. */
const readWithinMs = 1_000

/**
 * Runs Sankofa on a host, without a shell of this machine, and resolves however that ends.
 *
 * @throws what `input` fails with, and the signal's reason
 */
export async function overSsh(
  host: SshHost,
  args: readonly string[],
  how: { readonly input?: Readable; readonly signal: AbortSignal; onLine?(line: string): void },
): Promise<SshEnd> {
  const { input, signal } = how
  signal.throwIfAborted()
  const sshOptions = options.flatMap((option) => ['-o', option])
  const child = spawn('ssh', ['-T', ...sshOptions, '--', host.ssh, commandThere(host, args)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = `${stdout}${text}`.slice(-keptCharacters)
  })
  const lines = createInterface({ input: child.stderr }).on('line', (line) => {
    stderr = `${stderr}${line}\n`.slice(-keptCharacters)
    how.onLine?.(line)
  })
  const ended = new Promise<{ code: number | null; notStarted?: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, notStarted: error.message }))
    child.once('exit', (code) => resolve({ code }))
  })
  const read = Promise.all([once(child.stdout, 'close'), once(lines, 'close')])
  let failed: unknown
  const sent = send(input, child.stdin).catch((error: unknown) => {
    failed = error
    child.kill()
  })
  try {
    const end = await ended
    signal.throwIfAborted()
    if (end.notStarted === undefined) await Promise.race([read, delay(readWithinMs, undefined, { ref: false })])
    if (failed !== undefined) throw failed
    return { ...end, stdout, stderr }
  } finally {
    input?.destroy()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    await sent
  }
}

/** That the other end reads no more is no failure of ours: its own words say why. */
async function send(input: Readable | undefined, to: NodeJS.WritableStream): Promise<void> {
  if (input === undefined) {
    to.on('error', () => {})
    to.end()
    return
  }
  let own: unknown
  input.once('error', (error: NodeJS.ErrnoException) => {
    own = error
  })
  await pipeline(input, to).catch(() => {
    if (own !== undefined && !isClosed(own)) throw own
  })
}

const closed: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
])

const isClosed = (error: unknown): boolean => closed.has((error as NodeJS.ErrnoException).code)
