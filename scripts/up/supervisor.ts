import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogFile } from './log-file.ts'

export type Program = {
  readonly name: string
  /** Arguments for the Node that runs this. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly log: LogFile
  /** How long it may take to end when told to, ms; 5 s unless told. */
  readonly stopWithinMs?: number
}

export type Supervised = {
  readonly name: string
  pid(): number | undefined
  /** Resolves at the first `{"ready":true,…}` line, with that line. @throws when the program ends before */
  readonly ready: Promise<Record<string, unknown>>
  stop(): Promise<void>
}

const giveUpAfter = { deaths: 6, withinMs: 60_000 }
const readyWithinMs = 120_000

/**
 * Keeps one program running: when it dies, by kill -9 too, it is started again. Children watch for their parent
 * themselves (`SANKOFA_PARENT_PID`), so nothing is left when this process is killed.
 *
 * @param onTrouble - told in one sentence when a program died and comes back, or keeps dying and is given up
 */
export function supervise(program: Program, onTrouble: (sentence: string, givenUp: boolean) => void): Supervised {
  let child: ChildProcess | undefined
  let stopping = false
  let deaths: readonly number[] = []
  const {
    promise: ready,
    resolve: resolveReady,
    reject: rejectReady,
  } = Promise.withResolvers<Record<string, unknown>>()
  const patience = setTimeout(
    () =>
      rejectReady(
        new Error(`${program.name} was not ready within ${readyWithinMs / 1000} s. Its log is ${program.log.path}.`),
      ),
    readyWithinMs,
  )
  // A death before anybody awaits `ready` must not end this process.
  ready.catch(() => {}).finally(() => clearTimeout(patience))
  let wasReady = false
  let lastWords = ''

  const start = (): void => {
    const started = spawn(
      process.execPath,
      ['--conditions=sankofa-source', '--disable-warning=ExperimentalWarning', ...program.args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...program.environment, SANKOFA_PARENT_PID: String(process.pid) },
        // Not in the terminal's group: Ctrl-C reaches us alone, and we stop the programs in order.
        detached: true,
      },
    )
    child = started
    let head = ''
    started.stdout?.on('data', (chunk: Buffer) => {
      program.log.write(chunk)
      if (wasReady) return
      head += chunk.toString()
      const line = head
        .split('\n')
        .find((text) => text.startsWith('{') && text.includes('"ready":true') && text.endsWith('}'))
      if (line === undefined) return
      wasReady = true
      resolveReady(JSON.parse(line) as Record<string, unknown>)
    })
    started.stderr?.on('data', (chunk: Buffer) => {
      program.log.write(chunk)
      lastWords = `${lastWords}${chunk.toString()}`.slice(-2_000)
    })
    started.on('error', (error) => {
      lastWords = error.message
    })
    started.on('close', (code, signal) => {
      child = undefined
      if (stopping) return
      if (!wasReady) {
        rejectReady(
          new Error(
            lastWords.trim() ||
              `${program.name} ended with ${signal ?? `code ${code}`} before it was ready. Its log is ${program.log.path}.`,
          ),
        )
        return
      }
      const nowMs = Date.now()
      deaths = [...deaths, nowMs].filter((at) => nowMs - at < giveUpAfter.withinMs)
      if (deaths.length >= giveUpAfter.deaths) {
        onTrouble(
          `${program.name} died ${deaths.length} times within a minute and is not started again. Its log is ${program.log.path}.`,
          true,
        )
        return
      }
      onTrouble(`${program.name} ended with ${signal ?? `code ${code}`}; it is started again.`, false)
      setTimeout(() => {
        if (!stopping) start()
      }, 250 * deaths.length)
    })
  }

  start()
  return {
    name: program.name,
    pid: () => child?.pid,
    ready,
    async stop() {
      stopping = true
      const running = child
      if (running === undefined) return
      const ended = once(running, 'close')
      running.kill('SIGTERM')
      const tooLong = new AbortController()
      void delay(program.stopWithinMs ?? 5_000, undefined, { signal: tooLong.signal }).then(
        () => running.kill('SIGKILL'),
        () => {},
      )
      await ended
      tooLong.abort()
    },
  }
}
