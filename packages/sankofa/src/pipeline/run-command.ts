import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { SankofaError } from '../core/index.ts'

export type Command = readonly [program: string, ...args: readonly string[]]

export type CommandOptions = {
  readonly cwd: string
  /** Added to this process's environment; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  /** Told of each line as it comes, of both streams, without colours. */
  log?(line: string): void
  /** Told the process group as soon as it is there, for whoever must find it after a crash. */
  onStart?(pid: number): void
}

export type CommandResult = {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly endedBy: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** The last lines of both streams, in the order they came. */
  readonly lastLines: readonly string[]
  readonly tookMs: number
}

export const keptLines = 40
const longestLine = 2_000
/** An audit of a large tree is some megabytes; what goes on beyond this is a fault of the program. */
const keptCharacters = 32_000_000
/** Between asking and making: a test runner that stops its own servers takes about one second. */
const graceMs = 3_000
/** Only a child that left the group may keep the streams open as long. */
const readWithinMs = 5_000

/**
 * Runs a program without a shell, in a process group of its own, and leaves nothing of that group behind: neither when
 * `signal` aborts (SIGTERM, after 3 s SIGKILL) nor when the program ends and its children would stay.
 *
 * @throws SankofaError `COMMAND_NOT_FOUND`; the signal's reason when it aborted
 */
export async function runCommand(command: Command, options: CommandOptions): Promise<CommandResult> {
  const { cwd, signal } = options
  signal?.throwIfAborted()
  const startedMs = performance.now()
  const [program, ...args] = command
  const env = { ...cleanEnvironment(process.env), ...options.env }
  // Detached is a session of its own, so that the whole group can be ended by its number; POSIX only.
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const { pid } = child
  const lastLines: string[] = []
  const say = (line: string): void => {
    const text = stripVTControlCharacters(line).slice(0, longestLine).trimEnd()
    lastLines.push(text)
    if (lastLines.length > keptLines) lastLines.shift()
    options.log?.(text)
  }
  const stdout = gather(child.stdout, say)
  const stderr = gather(child.stderr, say)
  const exited = new Promise<{ code: number | null; endedBy: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new SankofaError('COMMAND_NOT_FOUND', { command: program, reason: cause.message }, { cause }))
    })
    child.once('exit', (code, endedBy) => resolve({ code, endedBy }))
  })
  if (pid !== undefined) options.onStart?.(pid)
  const onAbort = (): void => {
    if (pid !== undefined) void endGroup(pid)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const end = await exited
    signal?.throwIfAborted()
    // A child that inherited the streams would keep them open for ever: the rest is ended first, then all is read.
    if (pid !== undefined) await endGroup(pid)
    await Promise.race([Promise.all([stdout.ended, stderr.ended]), delay(readWithinMs, undefined, { ref: false })])
    return { ...end, stdout: stdout.text(), stderr: stderr.text(), lastLines, tookMs: performance.now() - startedMs }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    if (pid !== undefined) await endGroup(pid)
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

/** Ends all processes of a group: asks, waits up to 3 s, makes. Resolves when none is left that can be ended. */
export async function endGroup(group: number): Promise<void> {
  const untilMs = performance.now() + graceMs
  if (!send(group, 'SIGTERM')) return
  while (performance.now() < untilMs) {
    if (!lives(group)) return
    await delay(25)
  }
  send(group, 'SIGKILL')
}

/** Where nobody waits for orphans, as in many containers, the dead stay in the group: they do not count. */
function lives(group: number): boolean {
  if (!send(group, 0)) return false
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, , inGroup] = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return inGroup === String(group) && state !== 'Z' && state !== 'X'
    } catch {
      return false
    }
  })
}

/** @returns false when there is no such group any more */
function send(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    return false
  }
}

/**
 * What a git hook or `npx` leaves in the environment is about them and not about the program that is run: git would work
 * on the hook's repository, npm on the wrong folder.
 */
function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign =
    /^(GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY)|npm_(lifecycle|package)_.*|npm_command|npm_config_local_prefix|INIT_CWD)$/
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)))
}

function gather(
  stream: NodeJS.ReadableStream,
  say: (line: string) => void,
): { text(): string; readonly ended: Promise<void> } {
  const chunks: string[] = []
  let length = 0
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    if (length < keptCharacters) chunks.push(chunk)
    length += chunk.length
    const lines = (rest + chunk).split(/\r\n|[\r\n]/)
    rest = (lines.pop() ?? '').slice(-longestLine)
    for (const line of lines) say(line)
  })
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      if (rest !== '') say(rest)
      rest = ''
      resolve()
    }
    stream.once('end', end)
    stream.once('error', end)
  })
  return { text: () => chunks.join(''), ended }
}
