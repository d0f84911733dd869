import { createHash } from 'node:crypto'
import type { NormalStatement } from './normalise.ts'
import type { Tally } from './sightings.ts'

/** Written again when this share is new, or after so long: a count need not be exact, and a write costs. */
const newShare = 0.1
const writtenAtLeastEveryMs = 10 * 60_000
/** What a full memory forgets. */
const forgottenAfterMs = 60 * 60_000

type Known = {
  readonly id: string
  readonly text: string
  readonly kinds: readonly Set<string>[]
  readonly firstMs: number
  lastMs: number
  /** Grows with each kind that is new. */
  kindsFound: number
  kindsWritten: number
}

/** One text on one route. */
export class KnownPair {
  readonly statement: Known
  readonly route: string
  readonly firstMs: number
  lastMs: number
  succeeded = false
  /** Not written yet. */
  n = 0
  #writtenN = 0
  #writtenMs: number | undefined
  #writtenSucceeded = false
  #writing = { n: 0, kinds: 0 }

  constructor(statement: Known, route: string, nowMs: number) {
    this.statement = statement
    this.route = route
    this.firstMs = nowMs
    this.lastMs = nowMs
  }

  isDue(nowMs: number): boolean {
    if (this.n === 0) return false
    const { kindsFound, kindsWritten } = this.statement
    if (this.#writtenMs === undefined || kindsFound > kindsWritten || this.succeeded !== this.#writtenSucceeded)
      return true
    return this.n >= this.#writtenN * newShare || nowMs - this.#writtenMs >= writtenAtLeastEveryMs
  }

  /** Its count as it is sent: more may be found before the answer comes. */
  sending(): number {
    this.#writing = { n: this.n, kinds: this.statement.kindsFound }
    return this.n
  }

  written(nowMs: number): void {
    const { n, kinds } = this.#writing
    this.n -= n
    this.#writtenN += n
    this.#writtenMs = nowMs
    this.#writtenSucceeded = this.succeeded
    this.statement.kindsWritten = Math.max(this.statement.kindsWritten, kinds)
  }

  parameterTypes(): readonly string[] {
    return this.statement.kinds.map((kinds) => [...kinds].sort().join(' | '))
  }
}

/** Texts without values, and the routes that sent them. */
export class KnownStatements {
  readonly #limits: { readonly texts: number; readonly pairs: number }
  readonly #statements = new Map<string, Known>()
  readonly #pairs = new Map<string, KnownPair>()

  constructor(limits: { readonly texts: number; readonly pairs: number }) {
    this.#limits = limits
  }

  get size(): number {
    return this.#statements.size
  }

  /** @returns how many sendings could not be kept */
  add(
    normal: NormalStatement,
    kinds: readonly ReadonlySet<string>[],
    route: string,
    tally: Tally,
    nowMs: number,
  ): number {
    const statement = this.#statementOf(normal, nowMs)
    const pair = statement === undefined ? undefined : this.#pairOf(statement, route, nowMs)
    if (statement === undefined || pair === undefined) return tally.n
    for (const [index, { parameters, literals }] of normal.sources.entries()) {
      const into = statement.kinds[index]
      const found = [
        ...parameters.flatMap((number) => [...(kinds[number - 1] ?? [])]),
        ...literals.map((type) => `${type} literal`),
      ]
      for (const kind of found) {
        if (into === undefined || into.has(kind)) continue
        into.add(kind)
        statement.kindsFound += 1
      }
    }
    statement.lastMs = nowMs
    pair.lastMs = nowMs
    pair.n += tally.n
    pair.succeeded ||= tally.succeeded
    return 0
  }

  due(nowMs: number, atMost: number): readonly KnownPair[] {
    const due: KnownPair[] = []
    for (const pair of this.#pairs.values()) {
      if (pair.isDue(nowMs)) due.push(pair)
      if (due.length === atMost) break
    }
    return due
  }

  #statementOf({ text, sources }: NormalStatement, nowMs: number): Known | undefined {
    const id = createHash('sha256').update(text).digest('hex').slice(0, 32)
    const there = this.#statements.get(id)
    if (there !== undefined) return there
    if (this.#statements.size >= this.#limits.texts) this.#forgetOld(nowMs)
    if (this.#statements.size >= this.#limits.texts) return undefined
    const kinds = sources.map(() => new Set<string>())
    const statement = { id, text, kinds, firstMs: nowMs, lastMs: nowMs, kindsFound: 0, kindsWritten: 0 }
    this.#statements.set(id, statement)
    return statement
  }

  #pairOf(statement: Known, route: string, nowMs: number): KnownPair | undefined {
    const key = `${statement.id} ${route}`
    const there = this.#pairs.get(key)
    if (there !== undefined) return there
    if (this.#pairs.size >= this.#limits.pairs) return undefined
    const pair = new KnownPair(statement, route, nowMs)
    this.#pairs.set(key, pair)
    return pair
  }

  #forgetOld(nowMs: number): void {
    for (const [key, pair] of this.#pairs) {
      if (nowMs - pair.statement.lastMs < forgottenAfterMs) continue
      this.#pairs.delete(key)
      this.#statements.delete(pair.statement.id)
    }
  }
}
