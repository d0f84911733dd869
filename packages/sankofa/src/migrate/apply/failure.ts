import { isSankofaError, SankofaError } from '../../core/index.ts'
import { codeOf } from './attempts.ts'
import type { Direction } from './run.ts'

/** The error of a step, as a person needs it. Those that Sankofa raised on purpose stay as they are. */
export function stepFailed(
  error: unknown,
  about: {
    readonly migration: string
    readonly direction: Direction
    readonly statement?: { readonly sql: string; readonly line?: number }
    readonly left: string
  },
): Error {
  if (isSankofaError(error)) return error
  const { message, detail, hint } = error as Error & { readonly detail?: string; readonly hint?: string }
  const reason = [message, detail, hint].filter((text) => text !== undefined && text !== '').join('. ')
  const { sql, line } = about.statement ?? whereIn(error)
  const statement = sql.replaceAll(/\s+/g, ' ').slice(0, 200)
  return new SankofaError(
    'MIGRATION_FAILED',
    {
      migration: about.migration,
      doing: about.direction,
      statement: line === undefined ? statement : `${statement} (line ${line})`,
      reason: reason.replace(/\.$/, ''),
      left: isLost(error)
        ? 'The connection was lost: "sankofa migrate status" tells what was done, and how to go on.'
        : about.left,
    },
    { cause: error },
  )
}

/** `runStep` notes both on the error; without the first, `line` is PostgreSQL's own: where in its C source it gave up. */
const whereIn = (error: unknown): { readonly sql: string; readonly line?: number } => {
  const { statement, line } = error as { readonly statement?: string; readonly line?: number }
  if (statement === undefined) return { sql: 'what its module, or Sankofa around it, sent' }
  return { sql: statement, ...(line === undefined ? {} : { line }) }
}

/** The connection is gone, and with it the knowledge of what became of the last thing sent. */
export const isLost = (error: unknown): boolean =>
  /^(08|57P0|ECONN|EPIPE|ETIMEDOUT)/.test(codeOf(error)) ||
  (error instanceof Error && /^(Connection terminated|Client has encountered a connection error)/.test(error.message))

/**
 * Does it need a commit between its migrations? An enum's new value cannot be used before, nor can a table be altered that
 * has deferred checks to come.
 */
export const needsCommits = (error: unknown): boolean =>
  error instanceof Error && ['55006', '55P04'].includes(codeOf(error.cause))
