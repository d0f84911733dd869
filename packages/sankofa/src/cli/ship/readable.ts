import {
  type RunOutcome,
  type Step,
  type StepEvent,
  type StepFailure,
  type StepView,
  showSteps,
} from '../../pipeline/index.ts'

/**
 * What package managers print around the output of a script: its name again, how they were set up, that they failed because
 * it failed. Nothing of it says what is wrong with the project.
 */
const chatter = [
  /^\s*$/,
  /^> \S+@\S* \S+$/,
  /^npm (warn|WARN) (Unknown|config|old lockfile|EBADENGINE|deprecated)\b/,
  /^npm notice\b/,
  /^npm (error|ERR!)$/,
  /^npm (error|ERR!) (Lifecycle script|workspace|location|path|command|errno|code \d+$|A complete log)/,
  // Its manual, behind the reason why an install failed.
  /^npm (error|ERR!)\s+(Clean install a project|Usage:|npm ci$|Options:|aliases:|Run "npm help|\[?-)/,
  /^(npm (error|ERR!) )?.*_logs\/.*-debug-\d+\.log$/,
  /^\(node:\d+\) ExperimentalWarning/,
  /^\(Use `node --trace-warnings/,
  // Where Node itself was when it found the fault.
  /^\s+at .*\(?node:\w/,
  /^node:internal\/\S+:\d+$/,
  /^\s*(triggerUncaughtException\(|Node\.js v[\d.]+)$/,
]

/** The copy is gone when somebody reads this: a path in it is the same in the project. */
const inCopy = /(?:file:\/\/)?[^\s('"]*\/host\/checks\/\d+\/[^/\s]+\//g

const isChatter = (line: string): boolean => chatter.some((pattern) => pattern.test(line))

/** Lines without what package managers say of themselves; all of them where nothing else is there. */
export function readableLines(lines: readonly string[]): readonly string[] {
  const kept = lines.filter((line) => !isChatter(line)).map((line) => line.replace(inCopy, ''))
  return kept.length === 0 ? lines.filter((line) => line.trim() !== '') : kept
}

/** Of a terminal on which a list is drawn; else each line is printed as it comes. */
const narrowest = 40

/**
 * A view that shows what the project says, not what its package manager says around it. `live`: each line was shown as it
 * came, so the last ones are not shown again.
 */
export const readableView = (view: StepView, live: boolean): StepView => ({
  onEvent(event) {
    if (event.type === 'line' && isChatter(event.line)) return
    view.onEvent(readableEvent(event, live))
  },
  async end(outcome) {
    const told = readableOutcome(outcome)
    const { failure } = told
    await view.end(failure === undefined || !live ? told : { ...told, failure: { ...failure, lastLines: [] } })
  },
})

/** Steps as `--json` asks, or as a person reads them here. */
export async function showReadably(steps: readonly Step[], json: boolean): Promise<StepView> {
  if (json) return showSteps(steps, { json })
  const { isTTY, columns } = process.stdout
  return readableView(await showSteps(steps), !(isTTY === true && columns >= narrowest))
}

function readableEvent(event: StepEvent, live: boolean): StepEvent {
  if (event.type === 'line') return { ...event, line: event.line.replace(inCopy, '') }
  // The view tells the time of each step by itself.
  if (event.type === 'done') return { ...event, result: event.result.replace(/ in [\d.]+ m?s$/, '') }
  if (event.type !== 'failed') return event
  const failure = readableFailure(event)
  // The whole of it is told at the end, right below.
  return { ...event, ...failure, reason: live ? (failure.reason.split('\n')[0] ?? '') : failure.reason }
}

const readableOutcome = (outcome: RunOutcome): RunOutcome =>
  outcome.failure === undefined ? outcome : { ...outcome, failure: readableFailure(outcome.failure) }

const readableFailure = (failure: StepFailure): StepFailure => ({
  ...failure,
  reason: readableText(failure.reason),
  lastLines: readableLines(failure.lastLines),
})

/** A reason may quote the last words of a program, each on its line. */
const readableText = (text: string): string => {
  const lines = text.split('\n')
  return lines.length === 1 ? text.replace(inCopy, '') : readableLines(lines).join('\n')
}
