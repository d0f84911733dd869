import { performance } from 'node:perf_hooks'

export type StepNews = {
  readonly step: string
  readonly state: 'begun' | 'done'
  readonly detail?: string
  readonly tookMs?: number
}

export type DoneStep = { readonly step: string; readonly tookMs: number; readonly detail: string }

/** Times what is done, one step after the other, and tells whoever watches. */
export type Steps = {
  /** @param work - returns one line of what came out */
  run(step: string, work: () => Promise<string>): Promise<void>
  done(): readonly DoneStep[]
}

export function createSteps(onStep: ((news: StepNews) => void) | undefined, signal: AbortSignal | undefined): Steps {
  const done: DoneStep[] = []
  return {
    async run(step, work) {
      signal?.throwIfAborted()
      onStep?.({ step, state: 'begun' })
      const from = performance.now()
      const detail = await work()
      const tookMs = Math.round(performance.now() - from)
      done.push({ step, tookMs, detail })
      onStep?.({ step, state: 'done', detail, tookMs })
    },
    done: () => [...done],
  }
}
