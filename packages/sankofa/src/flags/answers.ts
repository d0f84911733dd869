import type { Logger } from 'pino'
import type { ChangeId } from '../core/index.ts'
import type { Guard } from '../judge/index.ts'
import type { Exposure } from '../observe/index.ts'
import { createDraw, createEvaluator, type Draw, type Evaluator } from './evaluate.ts'
import type { Flag } from './flag.ts'
import type { KnownState, TunableState } from './known-state.ts'
import { createReleaseDraw, type ReleaseChoice, type ReleaseDraw } from './release-draw.ts'
import type { Attributes } from './rules.ts'
import type { Tunable } from './tunable.ts'

type Watch = { readonly guards: readonly Guard[]; readonly sampleRate: number }

export type Answers = {
  rebuild(state: KnownState, overridden: ReadonlySet<ChangeId>): void
  isOn(flag: string, subject: string | undefined, attributes: Attributes): boolean
  exposures(subject: string, attributes: Attributes): readonly Exposure[]
  /** @param key - whom the gateway drew it for, in plain; `undefined` when the service has no release behind a gateway */
  release(service: string, key: string): ReleaseChoice | undefined
  releaseExposure(service: string, key: string): Exposure | undefined
  watches(): ReadonlyMap<bigint, Watch>
  value<T>(tunable: Tunable<T>): T
}

/** The known state made ready to answer: rebuilt when it changes, read by every request. */
export function createAnswers(options: {
  readonly flags: readonly Flag[]
  readonly tunables: readonly Tunable[]
  readonly subjectKey: (id: string) => string
  readonly log: Logger
}): Answers {
  const { subjectKey, log } = options
  const declared = new Set(options.flags.map((flag) => flag.id))
  const complained = new Set<string>()
  let evaluators: ReadonlyMap<string, Evaluator> = new Map()
  let values: ReadonlyMap<string, unknown> = new Map()
  let watches: ReadonlyMap<bigint, Watch> = new Map()
  let draws: ReadonlyMap<string, Draw> = new Map()
  let releases: ReadonlyMap<string, ReleaseDraw> = new Map()

  const complainOnce = (what: string, detail: Record<string, unknown>): void => {
    if (complained.has(what) || complained.size > 1_000) return
    complained.add(what)
    log.warn(detail, what)
  }
  const parsed = (tunable: Tunable, row: TunableState, overridden: ReadonlySet<ChangeId>): unknown => {
    const takenBack = row.change !== undefined && overridden.has(row.change) ? row.before : undefined
    const value = takenBack === undefined ? row.value : takenBack.value
    try {
      return tunable.parse(value)
    } catch (error) {
      // Another release may allow what this one does not: what held before holds on.
      complainOnce(
        `tunable ${tunable.id}: this release refuses the value ${JSON.stringify(value)} and keeps the last one`,
        {
          err: error,
        },
      )
      return values.has(tunable.id) ? values.get(tunable.id) : tunable.initial
    }
  }

  return {
    rebuild(state, overridden) {
      const flagRows = new Map(state.flags.map((row) => [row.flag, row]))
      const nextEvaluators = new Map<string, Evaluator>()
      const nextDraws = new Map<string, Draw>()
      for (const flag of options.flags) {
        const row = flagRows.get(flag.id)
        if (row === undefined) continue
        const draw = draws.get(row.salt) ?? createDraw(row.salt)
        nextDraws.set(row.salt, draw)
        const isOverridden = row.change !== undefined && overridden.has(row.change)
        nextEvaluators.set(flag.id, createEvaluator(flag, row, { subjectKey, overridden: isOverridden, draw }))
      }
      const tunableRows = new Map(state.tunables.map((row) => [row.tunable, row]))
      const nextValues = new Map<string, unknown>()
      for (const tunable of options.tunables) {
        const row = tunableRows.get(tunable.id)
        if (row !== undefined) nextValues.set(tunable.id, parsed(tunable, row, overridden))
      }
      releases = new Map(
        state.releases.map((split) => {
          const draw = draws.get(split.salt) ?? createDraw(split.salt)
          nextDraws.set(split.salt, draw)
          const isOverridden = split.change !== undefined && overridden.has(split.change)
          return [split.service, createReleaseDraw(split, { overridden: isOverridden, draw })] as const
        }),
      )
      evaluators = nextEvaluators
      draws = nextDraws
      values = nextValues
      watches = new Map(state.watches.map(({ goId, guards, sampleRate }) => [goId, { guards, sampleRate }]))
    },
    isOn(flag, subject, attributes) {
      const evaluator = evaluators.get(flag)
      if (evaluator === undefined) {
        if (!declared.has(flag)) complainOnce(`flag "${flag}" is asked for but not declared: it is off`, { flag })
        return false
      }
      if (subject === undefined) return evaluator.settled
      return evaluator.isOn(subjectKey(subject), attributes)
    },
    exposures(subject, attributes) {
      const key = subjectKey(subject)
      const found: Exposure[] = []
      for (const evaluator of evaluators.values()) {
        const exposure = evaluator.exposure(key, attributes)
        if (exposure !== undefined) found.push(exposure)
      }
      return found
    },
    release: (service, key) => releases.get(service)?.choose(subjectKey(key)),
    releaseExposure: (service, key) => releases.get(service)?.exposure(subjectKey(key)),
    watches: () => watches,
    value<T>(tunable: Tunable<T>): T {
      // What `parse` of the tunable of this id returned: the one place where its type is forgotten and found again.
      return values.has(tunable.id) ? (values.get(tunable.id) as T) : tunable.initial
    },
  }
}
