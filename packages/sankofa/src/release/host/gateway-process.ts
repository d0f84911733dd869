import { randomBytes } from 'node:crypto'
import { readdir, realpath, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../../core/index.ts'
import { type Layout, layoutOf } from '../layout.ts'
import { endProcess } from './end-process.ts'
import { type GatewayRecord, knownGateways, writeGateways } from './gateway-file.ts'
import type { ListeningSocket } from './listening-socket.ts'
import { lastWords, openLog, rotateLog } from './log-file.ts'
import { systemProcesses } from './process-identity.ts'
import { runtimeAnswers } from './runtime-answers.ts'
import { hostEnvironment, startProcess, type Watched, watchAdopted } from './start-process.ts'
import { rootName, tagName } from './tagged-processes.ts'

export type GatewayReport = {
  readonly state: 'starting' | 'ready' | 'failed' | 'stopped'
  readonly pid?: number
  /** How often one was started again because the one before ended or did not answer. */
  readonly restarts: number
  /** Older ones that finish what they have. */
  readonly draining: readonly number[]
  readonly error?: string
  readonly sinceMs: number
}

export type GatewayProcessOptions = {
  readonly layout: Layout
  /**
   * The public socket, asked for once and only when a gateway must be started: one that lives is left alone.
   * `beside`: a gateway of ours lives that listens on another socket of the same address, opened by a keeper that was killed.
   */
  socket(beside: boolean): ListeningSocket
  /**
   * What runs as the gateway: it listens on fd 3, answers GET /status with 200 on the unix socket `socketPath`, and
   * drains and ends at SIGTERM, which it may hear twice.
   */
  command(given: { readonly socketPath: string }): {
    readonly command: readonly string[]
    readonly environment: Readonly<Record<string, string>>
  }
  /** How long it may take to start, ms; 10 s unless told. */
  readonly readyWithinMs?: number
  /** How long one that is replaced may take to finish its requests, ms; 60 s unless told. */
  readonly drainWithinMs?: number
  readonly log: Logger
  readonly clock?: Clock
}

/** The gateway of a host as a detached process. `layout.gatewaySocket` is a link to the runtime socket of the newest. */
export type GatewayProcess = {
  /**
   * Leaves a living gateway alone, otherwise starts one. Resolves when it is ready or has failed once; it is tried
   * again then.
   *
   * @throws SankofaError `HOST_PORT_TAKEN`
   */
  start(): Promise<void>
  /** Starts a new one, waits until it answers, then tells the old one to drain. @throws when the new one does not start: the old one goes on */
  restart(): Promise<void>
  report(): GatewayReport
  onChange(listener: () => void): () => void
  stop(processes: 'leave' | 'stop'): Promise<void>
}

type Running = { readonly record: GatewayRecord; readonly watched: Watched; isGone: boolean }

const pollEveryMs = 1_000
/** More than for a release: a gateway that is replaced for nothing costs connections. */
const missesUntilRestart = 5

/** @internal Moments between the steps, at which tests kill the keeper. */
export type GatewayMoment = 'begun' | 'spawned' | 'recorded' | 'answers' | 'pointed' | 'withdrawn' | 'ended'

export function createGatewayProcess(
  options: GatewayProcessOptions,
  internals: { moment?(name: GatewayMoment): Promise<void> } = {},
): GatewayProcess {
  const moment = internals.moment ?? (async () => {})
  const { log, clock = systemClock, readyWithinMs = 10_000, drainWithinMs = 60_000 } = options
  const processes = systemProcesses
  /** The loop ends. */
  const closing = new AbortController()
  /** Nothing is watched any more, what runs is left alone. */
  const over = new AbortController()
  const listeners = new Set<() => void>()
  const draining = new Map<Running, Promise<void>>()
  const asked: PromiseWithResolvers<void>[] = []
  let layout = options.layout
  let socket: ListeningSocket | undefined
  let current: Running | undefined
  let starting: GatewayRecord | undefined
  let interrupt = new AbortController()
  let failures = 0
  let restarts = 0
  let loop: Promise<void> | undefined
  let report: Pick<GatewayReport, 'state' | 'error' | 'sinceMs'> = { state: 'starting', sinceMs: clock.now() }
  let writing: Promise<void> = Promise.resolve()

  const socketOf = (record: GatewayRecord): string => join(layout.root, `${record.tag}.sock`)
  const logPath = (): string => join(layout.logs, 'gateway.log')
  const wake = (): void => interrupt.abort()
  const pause = async (ms: number): Promise<void> => {
    interrupt = new AbortController()
    if (!closing.signal.aborted) await clock.sleep(ms, interrupt.signal)
  }
  function become(state: GatewayReport['state'], error?: string): void {
    report = { state, sinceMs: clock.now(), ...(error === undefined ? {} : { error }) }
    for (const listener of [...listeners]) listener()
  }
  function write(): Promise<void> {
    const next = writing.then(() =>
      writeGateways(layout.root, [
        ...(current === undefined ? [] : [{ ...current.record, phase: 'ready' as const }]),
        ...(starting === undefined ? [] : [starting]),
        ...[...draining.keys()].map((each) => ({ ...each.record, phase: 'draining' as const })),
      ]),
    )
    writing = next.catch(() => {})
    return next
  }
  const noted = (): Promise<void> =>
    write().catch((error: unknown) => log.error({ err: error }, 'the gateway file could not be written'))

  function hold(record: GatewayRecord, watched: Watched): Running {
    const running: Running = { record, watched, isGone: false }
    void watched.gone.then(() => {
      running.isGone = true
      if (running === current) wake()
    })
    return running
  }

  async function adopt(): Promise<void> {
    const living: Running[] = []
    for (const record of await knownGateways(layout.root)) {
      if (record.process === undefined || !processes.isAlive(record.process)) continue
      living.push(hold(record, watchAdopted(record.process, processes, clock, over.signal)))
    }
    // The one that was ready; else one that was just starting, if it answers.
    for (const each of [...living].sort((one, other) => rank(one) - rank(other))) {
      const isNow = current === undefined && each.record.phase !== 'draining' && (await answers(each, 2_000))
      if (isNow) current = each
      else drain(each)
    }
    if (current !== undefined) {
      await pointSocket(current)
      log.info({ pid: current.watched.process.pid }, 'a living gateway was adopted')
    }
    await noted()
    await sweep(living)
  }

  /** Runtime sockets of gateways that were killed. */
  async function sweep(living: readonly Running[]): Promise<void> {
    for (const name of await readdir(layout.root)) {
      if (!/^gateway-[0-9a-f]+\.sock$/.test(name)) continue
      if (!living.some((each) => basename(socketOf(each.record)) === name)) await rm(join(layout.root, name))
    }
  }

  /** A link, put there as a whole: each gateway removes its own socket when it ends, and must not remove its successor's. */
  async function pointSocket(running: Running): Promise<void> {
    const beside = `${layout.gatewaySocket}.${randomBytes(4).toString('hex')}.new`
    await symlink(basename(socketOf(running.record)), beside)
    await rename(beside, layout.gatewaySocket)
  }

  async function answers(running: Running, withinMs: number): Promise<boolean> {
    const untilMs = clock.now() + withinMs
    for (;;) {
      if (await runtimeAnswers(socketOf(running.record), Math.min(1_000, withinMs))) return true
      if (running.isGone || closing.signal.aborted || clock.now() >= untilMs) return false
      await clock.sleep(20, closing.signal)
    }
  }

  async function bring(): Promise<Running> {
    socket ??= options.socket(
      [...draining.keys(), ...(current === undefined ? [] : [current])].some((each) => !each.isGone),
    )
    const tag = `gateway-${randomBytes(4).toString('hex')}`
    starting = { tag, phase: 'starting' }
    const opened = openLog(logPath())
    try {
      await write()
      await moment('begun')
      const { command, environment } = options.command({ socketPath: socketOf(starting) })
      const watched = await startProcess(
        {
          command,
          folder: layout.root,
          environment: { ...hostEnvironment(), ...environment, [tagName]: tag, [rootName]: layout.root },
          log: opened,
          inherit: socket.fd,
        },
        processes,
      )
      await moment('spawned')
      starting = { ...starting, process: watched.process }
      const running = hold(starting, watched)
      await noted()
      await moment('recorded')
      if (await answers(running, readyWithinMs)) return running
      const how = running.isGone ? await watched.gone : `it did not answer within ${readyWithinMs} ms`
      if (!over.signal.aborted) processes.signal(watched.process, 'SIGKILL', 'group')
      throw new Error(`The gateway did not start: ${how}\n${lastWords(opened.path, opened.from)}`.trim())
    } finally {
      opened.close()
    }
  }

  function drain(running: Running): void {
    const { signal } = over
    const ended = (async () => {
      // Written first: a successor would take one that drains already for the one that is to stay.
      await noted()
      await moment('withdrawn')
      const how = await endProcess(running.watched, { withinMs: drainWithinMs, processes, clock, signal })
      if (how === 'left') return
      await moment('ended')
      draining.delete(running)
      await rm(socketOf(running.record), { force: true })
      await noted()
      for (const listener of [...listeners]) listener()
    })().catch((error: unknown) => log.error({ err: error }, 'a gateway could not be ended'))
    draining.set(running, ended)
  }

  /** Brings a new one; the one there was, if it lives, drains from then on. */
  async function replace(): Promise<void> {
    let next: Running
    try {
      next = await bring()
    } catch (error) {
      starting = undefined
      throw error
    }
    const old = current
    current = next
    starting = undefined
    await moment('answers')
    await pointSocket(next)
    await moment('pointed')
    if (old !== undefined && !old.isGone) drain(old)
    else await noted()
    become('ready')
    log.info({ pid: next.watched.process.pid, before: old?.watched.process.pid }, 'the gateway is ready')
  }

  async function look(): Promise<void> {
    let misses = 0
    let restMs = pollEveryMs
    while (!closing.signal.aborted) {
      if (current?.isGone === true) {
        log.error({ pid: current.watched.process.pid }, 'the gateway ended; another is started')
        await rm(socketOf(current.record), { force: true })
        current = undefined
      }
      const isHung = misses >= missesUntilRestart
      const wishes = asked.splice(0)
      if (current === undefined || isHung || wishes.length > 0) {
        if (wishes.length === 0) restarts++
        await replace().then(
          () => {
            failures = 0
            for (const wish of wishes) wish.resolve()
          },
          async (error: unknown) => {
            for (const wish of wishes) wish.reject(error)
            if (closing.signal.aborted) return
            log.error({ err: error }, 'the gateway could not be started')
            become(
              current === undefined ? 'failed' : report.state,
              error instanceof Error ? error.message : String(error),
            )
            if (current === undefined || isHung) await pause(Math.min(5_000, 125 * 2 ** ++failures))
          },
        )
        misses = 0
        continue
      }
      await pause(restMs)
      if (current.isGone || closing.signal.aborted || asked.length > 0) continue
      rotateLog(logPath())
      const begun = performance.now()
      misses = (await runtimeAnswers(socketOf(current.record), pollEveryMs)) ? 0 : misses + 1
      restMs = Math.max(0, pollEveryMs - (performance.now() - begun))
    }
    for (const wish of asked.splice(0)) wish.reject(new Error('The keeper stops; the gateway was not restarted.'))
  }

  return {
    async start() {
      layout = layoutOf(await realpath(options.layout.root))
      await adopt()
      if (current === undefined) {
        socket ??= options.socket(draining.size > 0)
        await replace().catch((error: unknown) => {
          log.error({ err: error }, 'the gateway could not be started')
          become('failed', error instanceof Error ? error.message : String(error))
        })
      } else become('ready')
      loop = look()
    },
    restart() {
      const wish = Promise.withResolvers<void>()
      asked.push(wish)
      wake()
      return wish.promise
    },
    report: () => ({
      ...report,
      ...(current === undefined ? {} : { pid: current.watched.process.pid }),
      restarts,
      draining: [...draining.keys()].map((each) => each.watched.process.pid),
    }),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async stop(what) {
      if (loop === undefined) return
      const ending = loop
      loop = undefined
      if (what === 'leave') over.abort()
      closing.abort()
      wake()
      await ending
      if (what === 'stop') {
        if (current !== undefined) drain(current)
        current = undefined
        await Promise.all(draining.values())
        await rm(layout.gatewaySocket, { force: true })
        become('stopped')
        over.abort()
      }
      await writing
      socket?.close()
    },
  }
}

const rank = (running: Running): number => ({ ready: 0, starting: 1, draining: 2 })[running.record.phase]
