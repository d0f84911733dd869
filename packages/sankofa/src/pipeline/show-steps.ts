import type { ListrTaskWrapper } from 'listr2'
import type { RunOutcome, StepEvent } from './run-steps.ts'
import { seconds } from './step.ts'

export type ShowOptions = {
  readonly json?: boolean
  readonly out?: NodeJS.WriteStream
}

/** Narrower than this, plain lines say more. */
const narrowest = 40

export type StepView = {
  onEvent(event: StepEvent): void
  /** Resolves when everything is on the screen. */
  end(outcome: RunOutcome): Promise<void>
}

/**
 * Shows steps as they run: a live list on a terminal, else a line for each thing with its time, as a log wants it;
 * `json`: an event a line, for programs.
 */
export async function showSteps(
  steps: readonly { readonly id: string; readonly title: string }[],
  { json = false, out = process.stdout }: ShowOptions = {},
): Promise<StepView> {
  const say = (line: string): void => void out.write(`${line}\n`)
  if (json) {
    return {
      onEvent: (event) => say(JSON.stringify(event)),
      end: async (outcome) => say(JSON.stringify({ type: 'end', ...outcome })),
    }
  }
  // A terminal without a width, as some containers give, draws nothing at all.
  if (out.isTTY === true && out.columns >= narrowest) return liveList(steps, say)
  return {
    onEvent: (event) => say(`${event.at.slice(11, 19)} ${plainWords(event)}`),
    end: async (outcome) => endLines(outcome).forEach(say),
  }
}

function plainWords(event: StepEvent): string {
  switch (event.type) {
    case 'begun':
      return `▶ ${event.title}`
    case 'line':
      return `  ${event.line}`
    case 'done':
      return `✓ ${event.id}: ${event.result} (${seconds(event.tookMs)})`
    case 'skipped':
      return `- ${event.title}: skipped, ${event.reason}`
    case 'failed':
      return `✗ ${event.id}: ${event.reason} (${seconds(event.tookMs)})`
    case 'aborted':
      return `✗ ${event.id}: ended because it was told to`
    default:
      return event satisfies never
  }
}

/** What is left to say: which step, why, its last lines and what to do. */
function endLines({ state, failure, tookMs, steps }: RunOutcome): readonly string[] {
  if (failure !== undefined) {
    const last = failure.lastLines.map((line) => `  │ ${line}`)
    const next = failure.next === '' ? [] : [failure.next]
    return ['', `${failure.title}: ${failure.reason}`, ...last, ...next]
  }
  const done = steps.filter((one) => one.state === 'done').length
  if (state === 'aborted') return ['', 'Ended because it was told to. Run it again: what is done is not repeated.']
  return ['', `${done} ${done === 1 ? 'step' : 'steps'} done in ${seconds(tookMs)}.`]
}

type Told = { readonly started: PromiseWithResolvers<Task>; readonly ended: PromiseWithResolvers<string | undefined> }
// biome-ignore lint/suspicious/noExplicitAny: the renderers are of no interest here, and Listr2 has no other name for "any"
type Task = ListrTaskWrapper<unknown, any, any>

/** Listr2 wants to run tasks itself: each of ours waits until the events say that its step has ended. */
async function liveList(
  steps: readonly { readonly id: string; readonly title: string }[],
  say: (line: string) => void,
): Promise<StepView> {
  // Only here, so that CI and --json do not load it.
  const { Listr } = await import('listr2')
  const told = new Map<string, Told>(
    steps.map(({ id }) => [id, { started: Promise.withResolvers(), ended: Promise.withResolvers() }]),
  )
  const tasks = steps.map(({ id, title }) => ({
    title,
    task: async (_context: unknown, task: Task): Promise<void> => {
      const mine = told.get(id)
      mine?.started.resolve(task)
      const failed = await mine?.ended.promise
      if (failed !== undefined) throw new Error(failed)
    },
    rendererOptions: { bottomBar: false, persistentOutput: false },
  }))
  const shown = new Listr(tasks, {
    concurrent: false,
    exitOnError: true,
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false, showErrorMessage: true, formatOutput: 'truncate' },
  }).run()
  // The failure is told by the run itself; here it only draws a cross.
  const drawn = shown.catch(() => {})
  let current: Task | undefined
  const order = { last: Promise.resolve() }
  const inOrder = (work: () => void | Promise<void>): void => {
    order.last = order.last.then(work)
  }
  return {
    onEvent: (event) =>
      inOrder(async () => {
        const mine = told.get(event.id)
        if (mine === undefined) return
        if (event.type === 'begun' || event.type === 'skipped') current = await mine.started.promise
        if (current === undefined) return
        switch (event.type) {
          case 'begun':
            break
          case 'line':
            current.output = event.line
            break
          case 'done':
            current.title = `${current.title}: ${event.result}`
            mine.ended.resolve(undefined)
            break
          case 'skipped':
            current.skip(`${event.title}: ${event.reason}`)
            mine.ended.resolve(undefined)
            break
          case 'failed':
            mine.ended.resolve(event.reason)
            break
          case 'aborted':
            mine.ended.resolve('ended because it was told to')
            break
          default:
            event satisfies never
        }
      }),
    end: async (outcome) => {
      await order.last
      // The list waits for a step that was never reached, and would keep the process alive.
      for (const { ended } of told.values()) ended.resolve('not reached')
      await drawn
      endLines(outcome).forEach(say)
    },
  }
}
