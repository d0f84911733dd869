import type { ChangeId } from './ids.ts'

/** Every error that Sankofa raises on purpose: a stable code, an HTTP status, and a text that says what to do. */
const catalogue = {
  BAD_CHANGE_ID: {
    status: 422,
    text: (d: { found: string }) =>
      `"${d.found}" cannot name a change. Use lower-case letters, digits, dots, underscores and hyphens, at most 100, such as "new-checkout".`,
  },
  CHANGE_UNKNOWN: {
    status: 404,
    text: (d: { change: string; known: readonly string[] }) =>
      `There is no change "${d.change}". ${d.known.length === 0 ? 'None has been proposed yet: run "sankofa propose --help".' : `Known: ${d.known.join(', ')}.`}`,
  },
  CHANGE_NOT_ALLOWED: {
    status: 409,
    text: (d: { change: ChangeId; state: string; wanted: string; next: string }) =>
      `Change ${d.change} is ${d.state}, so it cannot ${d.wanted}. ${d.next}`,
  },
  UNDO_NOT_PROVED: {
    status: 409,
    text: (d: { change: ChangeId; reason: string }) =>
      `Change ${d.change} has no proved undo, so it was not started: ${d.reason} Mend it and run "sankofa prove ${d.change}", then "sankofa go ${d.change}".`,
  },
  STALE_EPOCH: {
    status: 409,
    text: (d: { epoch: string }) =>
      `This process led with epoch ${d.epoch}, and another leads now. Its write was refused and nothing was changed; it stands by again.`,
  },
  SETTINGS_WRONG: {
    status: 500,
    text: (d: { problems: readonly string[] }) =>
      `${d.problems.length === 1 ? 'A setting is' : `${d.problems.length} settings are`} wrong:\n${d.problems.map((line) => `  - ${line}`).join('\n')}`,
  },
  DATABASE_UNREACHABLE: {
    status: 503,
    text: (d: { where: string; reason: string }) =>
      `PostgreSQL at ${d.where} does not answer (${d.reason}). Check DATABASE_URL and that the server runs; for an embedded server run "npm start".`,
  },
  EMBEDDED_REFUSED: {
    status: 500,
    text: (d: { reason: string }) => d.reason,
  },
} as const

export type ErrorCode = keyof typeof catalogue
export type ErrorDetails<C extends ErrorCode> = Parameters<(typeof catalogue)[C]['text']>[0]

/** What the caller could not have meant, or cannot have now. `message` says what happened and what to do. */
export class SankofaError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'SankofaError'
  readonly code: C
  readonly details: ErrorDetails<C>
  readonly status: number
  constructor(code: C, details: ErrorDetails<C>, options?: ErrorOptions) {
    const { text, status } = catalogue[code] as { text: (d: ErrorDetails<C>) => string; status: number }
    super(text(details), options)
    this.code = code
    this.details = details
    this.status = status
  }
}

export const isSankofaError = (error: unknown): error is SankofaError => error instanceof SankofaError
