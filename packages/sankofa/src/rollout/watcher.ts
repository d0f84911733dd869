import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, isSankofaError, systemClock } from '../core/index.ts'
import { createLease, type Listener, listen, watcherLease } from '../db/index.ts'
import type { ChangeKind, Journal } from '../journal/index.ts'
import type { Measurement } from '../observe/index.ts'
import type { RolloutContext } from './context.ts'
import { setDriftRight } from './drift.ts'
import { createEvidence } from './evidence.ts'
import { follow } from './follow.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { journalLocalBacks, type LocalBacks } from './local-backs.ts'
import { createRetries } from './retries.ts'
import { startWhatIsAsked } from './start-change.ts'
import { takeTurn } from './turn.ts'

export type WatcherOptions = {
  readonly pool: pg.Pool
  readonly journal: Journal
  readonly kinds: readonly ChangeKind<unknown>[]
  readonly measurement: Measurement
  /** Names of the business attempts to watch. */
  readonly attempts: readonly string[]
  readonly clock: Clock
  /** Names this process in this life. */
  readonly holder: string
  readonly log: Logger
  /** To be woken by the journal at once; without it the watcher looks every second. */
  readonly listenUrl?: string
  readonly localBacks?: LocalBacks
  readonly limits?: Partial<Limits>
  /** @internal Of each go; random unless a simulation must be repeatable. */
  readonly newSalt?: () => string
}

export type Watcher = {
  start(): void
  /** Ends the present step, then lets the lease go, so that a standby leads at once. */
  stop(): Promise<void>
  /** One look at everything, as the leader of this epoch. @throws SankofaError `STALE_EPOCH` when another leads */
  tick(epoch: bigint): Promise<void>
  /** The epoch under which this process leads now. */
  leading(): bigint | undefined
}

/** How long an end waits for a migration that is under way. */
const stopWithinMs = 5_000

/** The only executor: it exposes, measures, judges, and goes on, holds or takes back. Any number may run; one leads. */
export function createWatcher(options: WatcherOptions): Watcher {
  const { pool, clock, log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const lease = createLease(pool, { name: watcherLease, holder: options.holder, ttlMs: limits.leaseTtlMs })
  const ending = new AbortController()
  const running: Promise<void>[] = []
  let epochNow: bigint | undefined
  let listener: Listener | undefined
  let wake = (): void => {}

  let context = newContext(options, limits)
  let comparedAtMs = Number.NEGATIVE_INFINITY

  let telling: Promise<void> | undefined
  /** One at a time: two that read the same file would ask twice. */
  const askLocalBacks = (): Promise<void> => {
    const { localBacks, journal } = options
    if (localBacks === undefined) return Promise.resolve()
    telling ??= journalLocalBacks(journal, localBacks)
      .catch((error: unknown) => {
        // PostgreSQL is away more often than not when someone takes back locally.
        log.debug({ err: error }, 'what was taken back on this host could not be journalled yet')
      })
      .finally(() => {
        telling = undefined
      })
    return telling
  }

  const lookAtWhatIsOut = async (epoch: bigint): Promise<void> => {
    // First, because after a time without a watcher the turn may keep a change for good that a person took back meanwhile.
    await askLocalBacks()
    await takeTurn(context, epoch)
    if (clock.now() - comparedAtMs < limits.driftCheckMs) return
    comparedAtMs = clock.now()
    await setDriftRight(context, epoch)
  }

  /** Repeats `work` while this process leads under `epoch`. What fails is told and tried again. */
  const whileLeading = async (epoch: bigint, work: () => Promise<void>, pause: () => Promise<void>): Promise<void> => {
    while (!ending.signal.aborted && epochNow === epoch) {
      try {
        await work()
      } catch (error) {
        if (isSankofaError(error) && error.code === 'STALE_EPOCH') {
          log.warn({ epoch: String(epoch) }, error.message)
          // A proof that took long may learn it only when this process leads again, under another epoch.
          if (epochNow === epoch) epochNow = undefined
          return
        }
        log.error({ err: error }, 'the watcher could not look; it tries again')
      }
      await pause()
    }
  }

  const lead = async (epoch: bigint): Promise<void> => {
    epochNow = epoch
    // What another leader did meanwhile is in the journal and in the judged windows: start from those.
    context = newContext(options, limits)
    comparedAtMs = Number.NEGATIVE_INFINITY
    log.info({ epoch: String(epoch), holder: options.holder }, 'leads')
    let renewedAtMs = Date.now()
    const renew = async (): Promise<void> => {
      if (await lease.renew(epoch)) renewedAtMs = Date.now()
      else epochNow = undefined
    }
    const renewPause = async (): Promise<void> => {
      // The database may be away: another may lead by now, and only the fence knows.
      if (Date.now() - renewedAtMs > limits.leaseTtlMs) epochNow = undefined
      else await clock.sleep(limits.renewMs, ending.signal)
    }
    const tickPause = (): Promise<void> => sleepUntilWoken()
    const starting = context
    const started = whileLeading(epoch, async () => void (await startWhatIsAsked(starting, epoch)), tickPause)
    await Promise.all([
      whileLeading(epoch, renew, renewPause),
      whileLeading(epoch, () => lookAtWhatIsOut(epoch), tickPause),
    ])
    // Who lost the lease must not stand by only when a proof ends, which may take minutes: the fence refuses what comes of it.
    if (ending.signal.aborted) await started
    log.info({ epoch: String(epoch), holder: options.holder }, 'stands by')
    if (ending.signal.aborted)
      await lease
        .release(epoch)
        .catch((error: unknown) => log.warn({ err: error }, 'the lease was not let go; it expires'))
    epochNow = undefined
  }

  const sleepers = new Set<() => void>()
  const sleepUntilWoken = async (): Promise<void> => {
    const woken = new AbortController()
    const stir = (): void => woken.abort()
    sleepers.add(stir)
    ending.signal.addEventListener('abort', stir, { once: true })
    await clock.sleep(limits.tickMs, woken.signal)
    ending.signal.removeEventListener('abort', stir)
    sleepers.delete(stir)
  }
  wake = () => {
    for (const stir of sleepers) stir()
  }

  /** Every watcher journals the backs of its own host, leading or not: they are requests, and the leader may be elsewhere. */
  const tellLocalBacks = async (): Promise<void> => {
    if (options.localBacks === undefined) return
    while (!ending.signal.aborted) {
      await askLocalBacks()
      await clock.sleep(limits.tickMs, ending.signal)
    }
  }

  const standBy = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        const epoch = await lease.acquire()
        if (epoch !== undefined) await lead(epoch)
      } catch (error) {
        log.warn({ err: error }, 'the lease could not be asked for; it is tried again')
      }
      if (!ending.signal.aborted) await clock.sleep(limits.standbyMs, ending.signal)
    }
  }

  return {
    start() {
      if (running.length > 0) return
      const { listenUrl } = options
      if (listenUrl !== undefined) {
        listener = listen({ url: listenUrl, channels: ['sankofa_journal'], pollMs: 5_000, onChange: () => wake() })
      }
      running.push(standBy(), tellLocalBacks())
    },
    async stop() {
      ending.abort()
      await listener?.stop()
      await Promise.all(running)
      // A migration that runs is cut off with its connection if it takes longer: the next leader goes on where it was.
      const acts = [...context.running.values()].map((run) => run.promise)
      const patience = new AbortController()
      await Promise.race([Promise.all(acts), systemClock.sleep(stopWithinMs, patience.signal)])
      patience.abort()
    },
    async tick(epoch) {
      await lookAtWhatIsOut(epoch)
      // What has just started is shown in the same tick.
      if ((await startWhatIsAsked(context, epoch)) > 0) await takeTurn(context, epoch)
    },
    leading: () => epochNow,
  }
}

function newContext(options: WatcherOptions, limits: Limits): RolloutContext {
  const { pool, journal, measurement, attempts, clock, log } = options
  return {
    pool,
    journal,
    measurement,
    attempts,
    clock,
    log,
    limits,
    newSalt: options.newSalt ?? (() => randomBytes(16).toString('hex')),
    kinds: new Map(options.kinds.map((kind) => [kind.kind, kind])),
    follower: follow(journal),
    evidence: createEvidence({ pool, measurement, propagationMs: limits.propagationMs }),
    retries: createRetries(clock, limits.longestRetryMs),
    running: new Map(),
  }
}
