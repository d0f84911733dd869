import { SankofaError } from '../core/index.ts'
import { type Command, type CommandOptions, type CommandResult, runCommand } from './run-command.ts'

export type StepContext = {
  /** A line for the live view; the last 40 are kept for a failure. */
  log(line: string): void
  readonly signal: AbortSignal
}

/** That a step found out, while it ran, that it cannot be done here: no failure, and not remembered as done. */
export type Skipped = { readonly skipped: string }

export type Step = {
  readonly id: string
  readonly title: string
  /** What it depends on, such as the digest of the tree: done once for these inputs, it is not repeated. Absent: always run. */
  key?(): string | Promise<string>
  /** The reason why it is not needed. */
  skip?(): string | undefined | Promise<string | undefined>
  /** @returns one line of what came out */
  run(context: StepContext): Promise<string | Skipped>
}

/** The answer of a step is no. `what` happened, in a sentence; `next`: what to do. */
export const stepFailed = (what: string, next: string, cause?: unknown): SankofaError<'STEP_FAILED'> =>
  new SankofaError('STEP_FAILED', { what, next }, cause === undefined ? undefined : { cause })

/** Programs of a step behave as in CI: no watch mode, no colours, no questions. */
export const asInCi = { CI: process.env.CI ?? 'true', NO_COLOR: '1', FORCE_COLOR: undefined } as const

/** A program of a step; its lines go to the live view. */
export const runInStep = (
  command: Command,
  { log, signal }: StepContext,
  options: Pick<CommandOptions, 'cwd' | 'env' | 'onStart'>,
): Promise<CommandResult> => runCommand(command, { ...options, env: { ...asInCi, ...options.env }, signal, log })

export const oneLine = (text: string): string => text.trim().split('\n')[0]?.trim() ?? ''

export const seconds = (ms: number): string => (ms < 950 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)
