import { unwatchFile, watchFile } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../core/index.ts'
import { createPool, type Listener, listen } from '../db/index.ts'
import type { Guard } from '../judge/index.ts'
import type { Exposure } from '../observe/index.ts'
import { createAnswers } from './answers.ts'
import { expiryMs, type Flag, isExpired } from './flag.ts'
import { type KnownState, nothingKnown, type ReleaseSplit } from './known-state.ts'
import { forgetLocal, type LocalBack, localOverrides, overridesFile } from './local-back.ts'
import { readState } from './read-state.ts'
import type { ReleaseChoice } from './release-draw.ts'
import type { Attributes } from './rules.ts'
import { readStateFile, writeStateFile } from './state-file.ts'
import { createSubjectKey } from './subject-key.ts'
import type { Tunable } from './tunable.ts'

export type FlagClientOptions = {
  readonly flags: readonly Flag[]
  readonly tunables: readonly Tunable[]
  /** Preferred: its own connections, so that an undo does not wait behind a service whose pool is full. */
  readonly url?: string
  /** Without `url`: read by polling only. Without both: the file, and nothing else. */
  readonly pool?: pg.Pool
  /** Holds `flags.json` and `overrides.json`; shared by the processes of this host. */
  readonly directory: string
  /** Of the subject keys; the same in every process of the service. */
  readonly secret: string
  readonly log: Logger
  readonly clock?: Clock
  /** How old the known state may grow without a notification; 1,000 unless told. */
  readonly pollMs?: number
}

/** Nothing here but `start` and `stop` waits, and nothing throws once a request runs. */
export type FlagClient = {
  start(): Promise<void>
  stop(): Promise<void>
  /** @param who.subject - the plain id; without one nobody is randomised, and the old path runs */
  isOn(flag: Flag | string, who: { readonly subject: string | undefined; readonly attributes?: Attributes }): boolean
  /** What is to be measured for this subject: its arm in every change in which it was randomised. */
  exposures(subject: string, attributes?: Attributes): readonly Exposure[]
  /** Which release of a service a request goes to, by the key that the gateway drew; `undefined` when none was ever placed. */
  release(service: string, key: string): ReleaseChoice | undefined
  releaseExposure(service: string, key: string): Exposure | undefined
  /** What runs, and what goes out, as PostgreSQL said last; what is taken back on this host is shown as it is there. */
  releases(): readonly ReleaseSplit[]
  watches(): ReadonlyMap<bigint, { readonly guards: readonly Guard[]; readonly sampleRate: number }>
  value<T>(tunable: Tunable<T>): T
  subjectKey(id: string): string
  /** Time since the database last confirmed what is known; `Infinity` when nothing is. */
  ageMs(): number
  /** Flags past their last day: still evaluated, and due to be removed from the code. */
  expiredFlags(): readonly Flag[]
}

const overridesEveryMs = 300
const firstAnswerWithinMs = 3_000
/** A disk that is slow, or a file that a killed process left locked, must not delay what is read next: it may be an undo. */
const persistPatienceMs = 1_000

/** Flags and tunables as this process knows them: read from PostgreSQL in the background, answered from memory. */
export function createFlagClient(options: FlagClientOptions): FlagClient {
  const { flags, directory, log } = options
  const clock = options.clock ?? systemClock
  const pollMs = options.pollMs ?? 1_000
  const subjectKey = createSubjectKey(options.secret)
  const ownPool =
    options.url === undefined ? undefined : createPool({ url: options.url, max: 1, applicationName: 'sankofa-flags' })
  const pool = ownPool ?? options.pool

  const answers = createAnswers({ flags, tunables: options.tunables, subjectKey, log })
  let state: KnownState = nothingKnown
  let overrides: readonly LocalBack[] = []
  // Another process has seen the change undone and forgot the override; this one must see it too before it obeys
  // PostgreSQL again, or what it knew last would bring the change back.
  let fading: readonly LocalBack[] = []
  let confirmedAtMs = Number.NEGATIVE_INFINITY
  let away = false
  let persisting: Promise<void> = Promise.resolve()
  let stopped = true
  let listener: Listener | undefined
  let poll: NodeJS.Timeout | undefined

  const rebuild = (): void => answers.rebuild(state, new Set([...overrides, ...fading].map((back) => back.change)))

  const ask = async (): Promise<void> => {
    if (pool === undefined) return
    const askedAtMs = clock.now()
    const askedOnHostMs = Date.now()
    const asked = overrides
    const faded = fading
    try {
      const answer = await readState(
        pool,
        asked.map((back) => back.change),
      )
      state = answer.state
      fading = fading.filter((back) => !faded.includes(back))
      rebuild()
      confirmedAtMs = askedAtMs
      if (away) log.info('PostgreSQL answers again: flags are up to date')
      away = false
      // An override that the journal does not have yet is what a person asked and nobody else knows: it stays.
      const over = asked.filter((back) => back.journalled && answer.outcomes.get(back.change) === 'over')
      persisting = persist(() => writeStateFile(directory, answer.written, answer.state, askedOnHostMs), over)
      const patience = new AbortController()
      await Promise.race([persisting, systemClock.sleep(persistPatienceMs, patience.signal)])
      patience.abort()
    } catch (error) {
      if (!away && !stopped) log.warn({ err: error }, 'PostgreSQL does not answer: flags stay as last known')
      away = true
    }
  }
  const refresh = oneAtATime(ask, () => stopped)

  const persist = async (write: () => Promise<void>, over: readonly LocalBack[]): Promise<void> => {
    if (!(await keep(write))) return
    for (const back of over) await keep(() => forgetLocal(directory, back.change))
    if (over.length > 0) await rereadOverrides()
  }

  /** A full or read-only disk costs the memory of a restart, never an answer. */
  const keep = async (write: () => Promise<unknown>): Promise<boolean> => {
    try {
      await write()
      return true
    } catch (error) {
      log.warn({ err: error, directory }, 'the last known flags could not be written')
      return false
    }
  }
  const rereadOverrides = oneAtATime(
    async () => {
      try {
        const next = await localOverrides(directory)
        const isGone = (back: LocalBack): boolean => !next.some((other) => other.change === back.change)
        if (pool !== undefined) fading = [...fading, ...overrides].filter(isGone)
        overrides = next
        rebuild()
      } catch (error) {
        log.error({ err: error }, 'local overrides stay as they were')
      }
    },
    () => stopped,
  )
  const onOverridesFile = (): void => void rereadOverrides()

  return {
    async start() {
      if (!stopped) return
      stopped = false
      for (const flag of flags.filter((candidate) => isExpired(candidate, clock.now()))) {
        const days = Math.ceil((clock.now() - expiryMs(flag)) / 86_400_000)
        log.warn(
          { flag: flag.id, owner: flag.owner, expires: flag.expires },
          `flag expired ${days} days ago: remove a path`,
        )
      }
      await keep(() => mkdir(directory, { recursive: true }))
      try {
        state = (await readStateFile(directory)) ?? nothingKnown
        // The database's clock may have been ahead; what is known is never younger than now.
        confirmedAtMs = Math.min(state.asOfMs, clock.now())
      } catch (error) {
        log.warn({ err: error }, 'the last known flags could not be read: every flag is off until PostgreSQL answers')
      }
      await rereadOverrides()
      rebuild()
      watchFile(overridesFile(directory), { interval: overridesEveryMs, persistent: false }, onOverridesFile)
      if (pool === undefined) return
      if (options.url === undefined) poll = setInterval(() => void refresh(), pollMs).unref()
      else listener = listen({ url: options.url, channels: ['sankofa_flag'], pollMs, onChange: () => void refresh() })
      // A service starts without its database too, with what was known last.
      const patience = new AbortController()
      await Promise.race([refresh(), systemClock.sleep(firstAnswerWithinMs, patience.signal)])
      patience.abort()
    },
    async stop() {
      if (stopped) return
      stopped = true
      clearInterval(poll)
      unwatchFile(overridesFile(directory), onOverridesFile)
      await listener?.stop()
      await refresh()
      await persisting
      await ownPool?.end()
    },
    isOn: (flag, who) => answers.isOn(typeof flag === 'string' ? flag : flag.id, who.subject, who.attributes ?? {}),
    exposures: (subject, attributes = {}) => answers.exposures(subject, attributes),
    release: answers.release,
    releaseExposure: answers.releaseExposure,
    releases: () => state.releases,
    watches: () => answers.watches(),
    value: (tunable) => answers.value(tunable),
    subjectKey,
    ageMs: () => Math.max(0, clock.now() - confirmedAtMs),
    expiredFlags: () => flags.filter((flag) => isExpired(flag, clock.now())),
  }
}

/** Runs `work` once more when it is asked for while it runs: what was asked during a read may not be in it. */
function oneAtATime(work: () => Promise<void>, isStopped: () => boolean): () => Promise<void> {
  let running: Promise<void> | undefined
  let again = false
  return () => {
    again = running !== undefined
    running ??= (async () => {
      do {
        again = false
        if (!isStopped()) await work()
      } while (again && !isStopped())
      running = undefined
    })()
    return running
  }
}
