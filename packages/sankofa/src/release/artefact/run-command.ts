import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { SankofaError } from '../../core/index.ts'

export type CommandOptions = {
  /** What it is for, in words: "the install of its dependencies". */
  readonly doing: string
  readonly cwd: string
  readonly environment?: NodeJS.ProcessEnv
  readonly input?: string
  readonly signal?: AbortSignal | undefined
  /** Exit codes that are an answer, not a failure. `[0]` unless told. */
  readonly answers?: readonly number[]
}

export type CommandAnswer = { readonly code: number; readonly output: string; readonly bytes: Buffer }

/** A hook of git starts us with these set; every git of ours is told by its folder alone where it works. */
const ofGit = /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|PREFIX|NAMESPACE|COMMON_DIR|CEILING_DIRECTORIES)$/

export function cleanEnvironment(added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofGit.test(name)))
  return { ...own, GIT_OPTIONAL_LOCKS: '0', ...added }
}

const keptBytes = 16 * 1024

/**
 * Runs a program without a shell, in a process group of its own that ends with `signal`.
 *
 * @throws SankofaError `RELEASE_STEP_FAILED`; the signal's reason when aborted
 */
export async function runCommand(command: readonly string[], options: CommandOptions): Promise<CommandAnswer> {
  const child = start(command, options)
  const output: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  const code = await ended(child, command, options, [child.stderr, child.stdout])
  const bytes = Buffer.concat(output)
  return { code, output: bytes.toString('utf8'), bytes }
}

/** The same, with its output read as it comes. `consume` must read it to its end, or throw. */
export async function streamCommand<T>(
  command: readonly string[],
  options: CommandOptions,
  consume: (output: Readable) => Promise<T>,
): Promise<T> {
  const child = start(command, options)
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  const end = ended(child, command, options, [child.stderr])
  const { stdout } = child
  if (stdout === null) throw new Error('the program has no output')
  let gaveUp = false
  const consumed = consume(stdout).catch((error: unknown) => {
    // A reader that gives up in the middle is the cause of whatever the program says of it; the program would otherwise wait
    // for ever on a full pipe. A reader that wanted more than there was is not: the program's own failure explains that.
    gaveUp = !stdout.readableEnded
    if (gaveUp) killGroup(child, 'SIGKILL')
    throw error
  })
  const [read, finished] = await Promise.allSettled([consumed, end])
  if (read.status === 'rejected' && (gaveUp || finished.status === 'fulfilled')) throw read.reason
  if (finished.status === 'rejected') throw finished.reason
  if (read.status === 'rejected') throw read.reason
  return read.value
}

function start(command: readonly string[], options: CommandOptions): ChildProcess {
  options.signal?.throwIfAborted()
  const [program = '', ...rest] = command
  return spawn(program, rest, {
    cwd: options.cwd,
    env: options.environment ?? cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
}

async function ended(
  child: ChildProcess,
  command: readonly string[],
  options: CommandOptions,
  spoken: readonly (Readable | null)[],
): Promise<number> {
  let said = ''
  const keep = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-keptBytes)
  }
  for (const output of spoken) output?.on('data', keep)
  const onAbort = (): void => {
    killGroup(child, 'SIGTERM')
    void delay(4_000, undefined, { ref: false }).then(() => killGroup(child, 'SIGKILL'))
  }
  options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const { code, how } = await new Promise<{ code: number | null; how: string }>((resolve) => {
      child.once('error', (error) => resolve({ code: null, how: `could not be started: ${error.message}` }))
      child.once('close', (code, signal) => resolve({ code, how: code === null ? `by ${signal}` : `with ${code}` }))
    })
    options.signal?.throwIfAborted()
    if (code !== null && (options.answers ?? [0]).includes(code)) return code
    throw new SankofaError('RELEASE_STEP_FAILED', {
      doing: options.doing,
      command: command.join(' ').slice(0, 200),
      ended: how.startsWith('could') ? how : `ended ${how}`,
      said: lastLines(said),
    })
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
  }
}

const lastLines = (text: string): string => text.trimEnd().split('\n').slice(-40).join('\n')

/** The leader may be gone while what it started lives on; a group's id is not given away before its last member ends. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group is gone already.
  }
}
