import type pg from 'pg'
import type { Logger } from 'pino'
import { KnownStatements } from './known-statements.ts'
import { loadNormaliser, type Normaliser, type NormalStatement } from './normalise.ts'
import { noRequest } from './recorded-statement.ts'
import { Sighting, type Tally } from './sightings.ts'
import { writeStatements } from './write-statements.ts'

export type StatementLimits = {
  /** Texts as the service sends them, and as many without values. */
  readonly texts: number
  /** Characters of all texts as the service sends them. */
  readonly characters: number
  /** Characters of one text: the parser's time grows with it. */
  readonly textLength: number
  /** Pairs of text and route. */
  readonly pairs: number
  /** Pairs in one write; the others wait for the next. */
  readonly pairsPerWrite: number
}

const defaultLimits: StatementLimits = {
  texts: 2_000,
  characters: 4_000_000,
  textLength: 20_000,
  pairs: 10_000,
  pairsPerWrite: 500,
}

/** Time that reading new texts may take of one turn of the event loop. */
const readWithinMs = 5

export type StatementsHealth = {
  readonly texts: number
  /** Sendings that were not counted because a limit was reached. */
  readonly dropped: number
  /** Texts of which it cannot be told what is a value. */
  readonly notRecorded: number
}

/** Learns what a process sends to PostgreSQL. Its memory is bounded, and it keeps no value longer than the text it stands in. */
export interface StatementRecorder {
  /** On the way of every query: one look into a map. @returns where its success is to be noted, while that is not known */
  sent(query: unknown, values: unknown, route: string | undefined): Tally | undefined
  /** Reads texts that are new; for 5 ms unless told, because the event loop waits. */
  digest(withinMs?: number): Promise<void>
  /** Writes what is new or has changed enough. Never throws. */
  write(nowMs: number): Promise<void>
  health(): StatementsHealth
}

export function createStatementRecorder(options: {
  readonly pool: pg.Pool
  readonly release: string
  readonly log: Logger
  readonly limits?: Partial<StatementLimits>
  /** @internal Tests run without the parser. */
  readonly load?: () => Promise<Normaliser>
}): StatementRecorder {
  const { pool, release, log, load = loadNormaliser } = options
  const limits: StatementLimits = { ...defaultLimits, ...options.limits }
  const sightings = new Map<string, Sighting>()
  const unread: Sighting[] = []
  const read = new Map<Sighting, readonly NormalStatement[]>()
  const known = new KnownStatements(limits)
  let normalise: Normaliser | undefined
  let characters = 0
  let pairs = 0
  let dropped = 0
  let notRecorded = 0
  let busy = false
  let saidItFails = false

  const first = (text: string): Sighting | undefined => {
    if (
      sightings.size >= limits.texts ||
      text.length > limits.textLength ||
      characters + text.length > limits.characters
    )
      return undefined
    const sighting = new Sighting(text)
    sightings.set(text, sighting)
    unread.push(sighting)
    characters += text.length
    return sighting
  }

  const mayAddRoute = (): boolean => {
    if (pairs >= limits.pairs) return false
    pairs += 1
    return true
  }

  const forget = (sighting: Sighting): void => {
    sightings.delete(sighting.text)
    read.delete(sighting)
    characters -= sighting.text.length
    pairs -= sighting.routes.size
  }

  /** Moves what was counted to the texts without values. Texts that came once make room: a value in a text makes it new each time. */
  const settle = (nowMs: number): void => {
    const makeRoom = sightings.size > limits.texts / 2 || characters > limits.characters / 2 || pairs > limits.pairs / 2
    for (const [sighting, statements] of read) {
      const calls = [...sighting.routes.values()].reduce((sum, tally) => sum + tally.n, 0)
      for (const statement of statements) {
        for (const [route, tally] of sighting.routes)
          if (tally.n > 0) dropped += known.add(statement, sighting.kinds, route, tally, nowMs)
      }
      for (const tally of sighting.routes.values()) tally.n = 0
      if (makeRoom && calls <= 1) forget(sighting)
    }
  }

  return {
    sent(query, values, route) {
      const text = typeof query === 'string' ? query : (query as { readonly text?: unknown } | null)?.text
      if (typeof text !== 'string') return undefined
      const sighting = sightings.get(text) ?? first(text)
      const given = Array.isArray(values) ? values : (query as { readonly values?: unknown }).values
      const tally = sighting?.count(route ?? noRequest, given, mayAddRoute)
      if (tally === undefined) {
        dropped += 1
        return undefined
      }
      return tally.succeeded ? undefined : tally
    },
    async digest(withinMs = readWithinMs) {
      if (busy || unread.length === 0) return
      busy = true
      try {
        normalise ??= await load()
        const untilMs = performance.now() + withinMs
        while (unread.length > 0 && performance.now() < untilMs) {
          const sighting = unread.shift()
          if (sighting === undefined) break
          const statements = normalise(sighting.text)
          if (statements === undefined) notRecorded += 1
          read.set(sighting, statements ?? [])
        }
      } finally {
        busy = false
      }
    },
    async write(nowMs) {
      settle(nowMs)
      const due = known.due(nowMs, limits.pairsPerWrite)
      if (due.length === 0) return
      try {
        await writeStatements(pool, release, due)
        for (const pair of due) pair.written(nowMs)
        saidItFails = false
      } catch (error) {
        if (!saidItFails) log.warn({ err: error }, 'statements cannot be recorded now; it is tried again')
        saidItFails = true
      }
    },
    health: () => ({ texts: known.size, dropped, notRecorded }),
  }
}

let current: StatementRecorder | undefined

/** The recorder of this process, once its observer runs. */
export const currentRecorder = (): StatementRecorder | undefined => current

/** Observed pools tell this recorder from now on. @returns ends that */
export function recordWith(recorder: StatementRecorder): () => void {
  current = recorder
  return () => {
    if (current === recorder) current = undefined
  }
}
