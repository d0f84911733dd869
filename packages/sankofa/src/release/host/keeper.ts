import { mkdir, realpath } from 'node:fs/promises'
import type { Logger } from 'pino'
import { type Clock, type ReleaseId, systemClock } from '../../core/index.ts'
import { type Layout, layoutOf } from '../layout.ts'
import { adoptable } from './adoptable.ts'
import { logOf } from './boot.ts'
import { endTagged } from './end-process.ts'
import { openHostFile } from './host-file.ts'
import { type Instance, type InstanceReport, keyOf, type LifeContext, type Moment } from './instance.ts'
import { type KeeperLock, takeKeeperLock } from './keeper-lock.ts'
import { beginLife, type Life } from './life.ts'
import { rotateLog } from './log-file.ts'
import { type ProcessTable, systemProcesses } from './process-identity.ts'
import { taggedProcesses } from './tagged-processes.ts'
import { createUpstreams } from './upstreams.ts'

export type { Check } from './check.ts'
export type { Instance, InstanceReport, InstanceState } from './instance.ts'

export type KeeperOptions = {
  readonly layout: Layout
  /** Added to every release's environment, such as DATABASE_URL. */
  readonly environment: Readonly<Record<string, string>>
  /**
   * Requests in flight of a release at the gateway: one that is not wanted any more is stopped at zero, or after 30 s.
   * `undefined`: unknown; after 5 s of that it is stopped.
   */
  inFlight(release: ReleaseId): Promise<number | undefined>
  /**
   * Told when upstreams change: the ready serving instances. Awaited before an instance is stopped, for 10 s at most;
   * told again until it resolves. It must settle: a call that hangs holds up the later ones.
   */
  onUpstreams(upstreams: readonly { readonly release: string; readonly origin: string }[]): Promise<void>
  readonly log: Logger
  readonly clock?: Clock
}

export type Keeper = {
  /**
   * Adopts what lives from an earlier keeper, ends orphans. What was adopted runs on until `want` says otherwise.
   *
   * @throws SankofaError `HOST_HELD` when another keeper has this folder
   */
  start(): Promise<void>
  /** What shall run; everything else is drained and stopped. The same again changes nothing. */
  want(instances: readonly Instance[]): void
  /** One for each instance that is wanted or still runs, and the last that were stopped. */
  reports(): readonly InstanceReport[]
  /** @returns how to stop listening */
  onChange(listener: () => void): () => void
  /** `leave`: processes go on; a later keeper adopts them. `stop`: drained and ended. It cannot be started again. */
  stop(processes: 'leave' | 'stop'): Promise<void>
}

/** @internal */
export type KeeperInternals = { moment?(name: Moment): Promise<void>; readonly processes?: ProcessTable }

const stoppedRemembered = 20

/** The supervisor of one host: it holds the processes of releases to what is wanted, and loses none when it is killed. */
export function createKeeper(options: KeeperOptions, internals: KeeperInternals = {}): Keeper {
  const { log, clock = systemClock } = options
  const processes = internals.processes ?? systemProcesses
  const moment = internals.moment ?? (async () => {})
  const lives = new Map<string, Life>()
  const listeners = new Set<() => void>()
  const over = new AbortController()
  let wanted: ReadonlyMap<string, Instance> | undefined
  let context: LifeContext | undefined
  let lock: KeeperLock | undefined
  let stopping: Promise<void> | undefined
  let strays: readonly Life[] = []
  let background: readonly Promise<void>[] = []

  const upstreams = createUpstreams({
    current: () =>
      [...lives.values()].flatMap((life) => {
        const { state, purpose, release, origin } = life.report()
        return state === 'ready' && purpose === 'serve' && origin !== undefined ? [{ release, origin }] : []
      }),
    tell: options.onUpstreams,
    log,
    clock,
  })

  function changed(): void {
    for (const listener of [...listeners]) listener()
  }

  function apply(): void {
    if (context === undefined || wanted === undefined) return
    for (const [key, life] of lives) life.want(wanted.has(key))
    for (const [key, instance] of wanted) {
      if (lives.get(key)?.hasEnded() === false) continue
      // At the end of the map, so that the longest stopped is the first to be forgotten.
      lives.delete(key)
      lives.set(key, beginLife(context, instance))
    }
    const stopped = [...lives].filter(([, life]) => life.hasEnded())
    for (const [key] of stopped.slice(0, Math.max(0, stopped.length - stoppedRemembered))) lives.delete(key)
  }

  /** What nobody knows by now was being started when an earlier keeper was killed, too early to be seen at our start. */
  function endUnknown(known: LifeContext): void {
    const tags = new Set(taggedProcesses(known.layout.root).map((found) => found.tag))
    for (const tag of tags) {
      if (!isInstanceTag(tag) || known.file.knows(tag)) continue
      const ended = endTagged(known.layout.root, tag, processes)
      if (ended > 0) log.warn({ tag, ended }, 'processes that no record names were ended')
    }
  }

  async function lookAround(known: LifeContext): Promise<void> {
    for (let round = 0; !over.signal.aborted; round++) {
      await clock.sleep(round === 0 ? 1_000 : 10_000, over.signal)
      if (over.signal.aborted) return
      try {
        if (round < 3 || round % 6 === 0) endUnknown(known)
        for (const life of lives.values()) rotateLog(logOf(known, life.instance))
      } catch (error) {
        log.error({ err: error }, 'the keeper could not look around; it goes on')
      }
    }
  }

  async function start(): Promise<void> {
    await mkdir(options.layout.root, { recursive: true, mode: 0o700 })
    const layout = layoutOf(await realpath(options.layout.root))
    for (const folder of [layout.releases, layout.shared]) await mkdir(folder, { recursive: true })
    await mkdir(layout.logs, { recursive: true, mode: 0o700 })
    lock = takeKeeperLock(layout.root, processes)
    await moment('locked')
    const file = openHostFile(layout.hostFile, (name) => moment(`file ${name}`))
    const known: LifeContext = {
      layout,
      environment: options.environment,
      file,
      processes,
      clock,
      log,
      ports: new Set(),
      inFlight: options.inFlight,
      publish: upstreams.publish,
      changed,
      moment,
    }
    const { records, damaged } = await file.read()
    if (damaged) log.warn({ file: layout.hostFile }, 'the host file is damaged: what lives is found by its environment')
    const found = adoptable(
      records,
      taggedProcesses(layout.root).filter(({ tag }) => isInstanceTag(tag)),
      processes,
    )
    for (const record of found.known.filter((each) => !records.includes(each))) await file.put(record)
    for (const record of found.adopt) lives.set(keyOf(record), beginLife(known, instanceOf(record), record))
    const adopted = [...lives.values()]
    strays = found.strays.map((record) => beginLife(known, instanceOf(record), { ...record, phase: 'stopping' }))
    for (const stray of strays) stray.want(false)
    context = known
    apply()
    // An empty set told before the adopted are looked at would take living releases out of the gateway.
    const isDecided = Promise.all(adopted.map((life) => life.decided))
    const open = Promise.race([isDecided, clock.sleep(5_000, over.signal)]).then(async () => {
      upstreams.open()
      await upstreams.publish()
    })
    background = [open, lookAround(known)]
  }

  async function stop(held: KeeperLock, what: 'leave' | 'stop'): Promise<void> {
    if (what === 'stop') {
      wanted = new Map()
      apply()
    } else for (const life of [...lives.values(), ...strays]) life.leave()
    context = undefined
    await Promise.all([...lives.values(), ...strays].map((life) => life.ended))
    over.abort()
    upstreams.close()
    await Promise.all(background)
    await moment('unlocking')
    held.release()
  }

  return {
    async start() {
      try {
        await start()
      } catch (error) {
        lock?.release()
        lock = undefined
        throw error
      }
    },
    want(instances) {
      wanted = new Map(instances.map((each) => [keyOf(each), instanceOf(each)]))
      apply()
    },
    reports: () => [...lives.values()].map((life) => life.report()),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop(what) {
      if (lock !== undefined) stopping ??= stop(lock, what)
      return stopping ?? Promise.resolve()
    },
  }
}

const instanceOf = ({ release, purpose }: Instance): Instance => ({ release, purpose })
const isInstanceTag = (tag: string): boolean => /^(serve|rehearse)-/.test(tag)
