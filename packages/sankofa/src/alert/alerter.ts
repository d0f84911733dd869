import type pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, SankofaError } from '../core/index.ts'
import type { Journal } from '../journal/index.ts'
import { readSignals } from '../observe/index.ts'
import { alertProblems } from './alert-problems.ts'
import { createCases } from './changes/case.ts'
import { tellCase } from './changes/tell-case.ts'
import { openChannels } from './channels/open-channels.ts'
import { deliverDue } from './delivery/deliver.ts'
import { evaluateRules } from './rules/evaluate-rules.ts'
import { sampledMs, samplesOf } from './rules/samples.ts'
import { sixRules } from './rules/six-rules.ts'
import type { AlertSettings, NamedAttempt } from './settings.ts'
import { timesIn } from './text/time.ts'
import type { Tools } from './tools.ts'

const everyMs = 1_000
const rulesEveryMs = 10_000
// Counting customers reads minutes of events: a case that did not move is looked at again after this.
const caseEveryMs = 10_000
const stepS = 10
// Who was away for longer reads of it in the journal; messages about yesterday help nobody.
const oldestMs = 24 * 60 * 60_000
const complainEveryMs = 60_000

export type Alerter = {
  start(): void
  stop(): Promise<void>
  /** Looks once at changes and rules, and sends what is due. */
  tick(): Promise<void>
}

/**
 * Tells people what happened to changes and to the machines. Any number may run on one database: each thing is said once.
 *
 * @throws SankofaError `SETTINGS_WRONG`
 */
export function createAlerter(options: {
  readonly pool: pg.Pool
  readonly journal: Journal
  readonly settings?: AlertSettings
  readonly attempts?: readonly NamedAttempt[]
  /** How the service is called towards its owner. */
  readonly service?: string
  readonly clock: Clock
  readonly log: Logger
}): Alerter {
  const { pool, journal, settings = {}, attempts = [], service = 'the service', clock, log } = options
  const problems = alertProblems(settings, attempts)
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
  const tools: Tools = {
    pool,
    channels: openChannels(settings.channels ?? [], log, clock.now),
    attempts,
    service,
    normalForMs: settings.normalForMs ?? 3 * 60_000,
    stillHappeningAfterMs: settings.stillHappeningAfterMs ?? 5 * 60_000,
    publicUrl: settings.publicUrl,
    times: timesIn(settings.timeZone),
    clock,
    log,
  }
  const rules = sixRules(settings.rules)
  const cases = createCases()
  const lookedAt = new Map<bigint, { readonly lastId: bigint; readonly atMs: number }>()
  let rulesAtMs = Number.NEGATIVE_INFINITY

  const lookAtChanges = async (): Promise<void> => {
    cases.take(await journal.read({ afterId: cases.lastId }))
    const failures: unknown[] = []
    for (const found of cases.current(new Date(clock.now() - oldestMs))) {
      const looked = lookedAt.get(found.goId)
      if (looked?.lastId === found.state.lastId && clock.now() - looked.atMs < caseEveryMs) continue
      lookedAt.set(found.goId, { lastId: found.state.lastId, atMs: clock.now() })
      try {
        if (!(await tellCase(tools, found))) continue
        cases.finish(found.goId)
        lookedAt.delete(found.goId)
      } catch (error) {
        // One change that cannot be told of must not keep the others waiting.
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
  const lookAtRules = async (): Promise<void> => {
    const nowMs = clock.now()
    if (nowMs - rulesAtMs < rulesEveryMs) return
    const signals = await readSignals(pool, { fromMs: nowMs - sampledMs, toMs: nowMs, stepS })
    await evaluateRules(tools, rules, samplesOf(signals, nowMs))
    rulesAtMs = nowMs
  }
  const deliver = async (): Promise<void> => {
    await deliverDue(tools)
  }

  const ending = new AbortController()
  let loops: readonly Promise<void>[] = []
  return {
    start() {
      // Each on its own: a receiver that does not answer must not keep the rules waiting, nor a bad case the rest.
      loops = [lookAtChanges, lookAtRules, deliver].map((work) => repeat(work, { clock, log, signal: ending.signal }))
    },
    async stop() {
      ending.abort()
      await Promise.all(loops)
    },
    async tick() {
      await lookAtChanges()
      await lookAtRules()
      await deliver()
    },
  }
}

async function repeat(
  work: () => Promise<void>,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  let complainedAtMs = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    try {
      await work()
    } catch (error) {
      if (clock.now() - complainedAtMs >= complainEveryMs) {
        log.error({ err: error }, 'people cannot be told now; it is tried again each second')
        complainedAtMs = clock.now()
      }
    }
    await clock.sleep(everyMs, signal)
  }
}
