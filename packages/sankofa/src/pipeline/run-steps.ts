import { setTimeout as delay } from 'node:timers/promises'
import { isSankofaError } from '../core/index.ts'
import { keptLines } from './run-command.ts'
import { oneLine, type Skipped, type Step } from './step.ts'

/** What is told while steps run, in order; plain data, so that it can go to a screen, a socket or the journal. */
export type StepEvent =
  | { readonly type: 'begun'; readonly id: string; readonly title: string; readonly at: string }
  | { readonly type: 'line'; readonly id: string; readonly line: string; readonly at: string }
  | {
      readonly type: 'done'
      readonly id: string
      readonly result: string
      readonly tookMs: number
      readonly at: string
    }
  | {
      readonly type: 'skipped'
      readonly id: string
      readonly title: string
      readonly reason: string
      readonly at: string
    }
  | ({ readonly type: 'failed'; readonly at: string } & StepFailure)
  | { readonly type: 'aborted'; readonly id: string; readonly tookMs: number; readonly at: string }

export type StepFailure = {
  readonly id: string
  readonly title: string
  readonly reason: string
  /** What to do. */
  readonly next: string
  readonly lastLines: readonly string[]
  readonly tookMs: number
}

export type StepOutcome = {
  readonly id: string
  readonly title: string
  readonly state: 'done' | 'skipped' | 'failed' | 'aborted' | 'not reached'
  /** What came out, or the reason. */
  readonly detail: string
  readonly tookMs: number
}

export type RunOutcome = {
  readonly state: 'done' | 'failed' | 'aborted'
  readonly steps: readonly StepOutcome[]
  readonly failure?: StepFailure
  readonly tookMs: number
}

/** Where it is kept which steps were done, so that a run that was killed goes on where it was. */
export type Remember = {
  /** What came out when the step was last done for this key; `undefined` when it was not. */
  done(id: string, key: string): Promise<string | undefined>
  record(id: string, key: string, result: string, tookMs: number): Promise<void>
}

export type RunStepsOptions = {
  onEvent?(event: StepEvent): void
  readonly remember?: Remember
  readonly signal?: AbortSignal
  readonly now?: () => Date
}

/** Longer than a process group is given to end: past that a step which minds no signal is left behind. */
const abortWithinMs = 4_500

/**
 * Runs steps one after another and stops at the first that fails. A step that was done for the same key is skipped; its
 * key is asked for only when it is its turn, after the steps before it.
 */
export async function runSteps(steps: readonly Step[], options: RunStepsOptions = {}): Promise<RunOutcome> {
  const startedMs = performance.now()
  const outcomes: StepOutcome[] = []
  let failure: StepFailure | undefined
  let state: RunOutcome['state'] = 'done'
  for (const step of steps) {
    if (state === 'done' && options.signal?.aborted === true) state = 'aborted'
    if (state !== 'done') {
      outcomes.push({ id: step.id, title: step.title, state: 'not reached', detail: '', tookMs: 0 })
      continue
    }
    const came = await runStep(step, options)
    outcomes.push(came.outcome)
    if (came.failure !== undefined) failure = came.failure
    if (came.outcome.state === 'failed' || came.outcome.state === 'aborted') state = came.outcome.state
  }
  const tookMs = performance.now() - startedMs
  return { state, steps: outcomes, tookMs, ...(failure === undefined ? {} : { failure }) }
}

async function runStep(
  step: Step,
  { onEvent, remember, signal = new AbortController().signal, now = () => new Date() }: RunStepsOptions,
): Promise<{ readonly outcome: StepOutcome; readonly failure?: StepFailure }> {
  const { id, title } = step
  const at = (): string => now().toISOString()
  const lastLines: string[] = []
  let over = false
  const log = (line: string): void => {
    // A step that was left behind may still talk; the run has gone on without it.
    if (over) return
    lastLines.push(line)
    if (lastLines.length > keptLines) lastLines.shift()
    onEvent?.({ type: 'line', id, line, at: at() })
  }
  const startedMs = performance.now()
  const tookMs = (): number => performance.now() - startedMs
  const skipped = (reason: string): { outcome: StepOutcome } => {
    onEvent?.({ type: 'skipped', id, title, reason, at: at() })
    return { outcome: { id, title, state: 'skipped', detail: reason, tookMs: tookMs() } }
  }
  try {
    const reason = await step.skip?.()
    if (reason !== undefined) return skipped(reason)
    const key = await step.key?.()
    const before = key === undefined ? undefined : await remember?.done(id, key)
    if (before !== undefined) return skipped(`done before: ${before}`)
    onEvent?.({ type: 'begun', id, title, at: at() })
    const result = await orAborted(step.run({ log, signal }), signal)
    if (typeof result !== 'string') return skipped(result.skipped)
    if (key !== undefined) await remember?.record(id, key, result, tookMs())
    onEvent?.({ type: 'done', id, result, tookMs: tookMs(), at: at() })
    return { outcome: { id, title, state: 'done', detail: result, tookMs: tookMs() } }
  } catch (error) {
    if (signal.aborted) {
      onEvent?.({ type: 'aborted', id, tookMs: tookMs(), at: at() })
      return { outcome: { id, title, state: 'aborted', detail: 'aborted', tookMs: tookMs() } }
    }
    const failure: StepFailure = { id, title, ...wordsOf(error), lastLines: [...lastLines], tookMs: tookMs() }
    onEvent?.({ type: 'failed', ...failure, at: at() })
    return { outcome: { id, title, state: 'failed', detail: failure.reason, tookMs: failure.tookMs }, failure }
  } finally {
    over = true
  }
}

async function orAborted(work: Promise<string | Skipped>, signal: AbortSignal): Promise<string | Skipped> {
  const settled = new AbortController()
  const abandoned = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      delay(abortWithinMs, undefined, { signal: settled.signal, ref: false }).then(
        () => reject(signal.reason),
        () => {},
      )
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true, signal: settled.signal })
  })
  try {
    const result = await Promise.race([work, abandoned])
    // Done all the same, but nobody waits for it: an aborted run must not look like a finished one.
    signal.throwIfAborted()
    return result
  } finally {
    settled.abort()
  }
}

function wordsOf(error: unknown): Pick<StepFailure, 'reason' | 'next'> {
  if (isSankofaError(error)) {
    if (error.code === 'STEP_FAILED') {
      const { what, next } = error.details as { what: string; next: string }
      return { reason: what, next }
    }
    // The catalogue's text says what to do by itself.
    return { reason: error.message, next: '' }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { reason: `Unexpected: ${oneLine(message)}`, next: 'Read the last lines, mend it and run this again.' }
}
