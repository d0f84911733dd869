import { isSankofaError } from '../core/index.ts'

/** The answer is no: exit code 1, with the reason already printed. */
export class AnswerIsNo extends Error {}

export type OutputOptions = { readonly json?: boolean }

/** Prints `value` as JSON when asked, else the lines for a person. */
export function print(options: OutputOptions, value: unknown, lines: readonly string[]): void {
  console.log(options.json === true ? JSON.stringify(value, withBigints, 2) : lines.join('\n'))
}

const withBigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

/** An error as `--json` has it. */
export const errorEntry = (error: unknown): { readonly error: string; readonly message: string } => ({
  error: isSankofaError(error) ? error.code : 'UNEXPECTED',
  message: error instanceof Error ? error.message : String(error),
})

/** 1 when the answer is no, 2 when it could not be asked; says why on standard error. */
export function reportFailure(error: unknown, json: boolean): 1 | 2 {
  const refused = isSankofaError(error) && (error.status === 409 || error.status === 404 || error.status === 422)
  if (!(error instanceof AnswerIsNo)) {
    if (json) {
      console.error(JSON.stringify(errorEntry(error)))
    } else if (isSankofaError(error)) {
      console.error(error.message)
    } else {
      console.error(
        `Something unexpected happened: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
    }
  }
  return refused || error instanceof AnswerIsNo ? 1 : 2
}

/** "about 40 s", "about 12 min", "about 3 h". */
export function roughly(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 90) return `about ${Math.round(seconds / 10) * 10} s`
  const minutes = seconds / 60
  if (minutes < 90) return `about ${Math.round(minutes)} min`
  const hours = minutes / 60
  return hours < 36 ? `about ${Math.round(hours)} h` : `about ${Math.round(hours / 24)} days`
}

/** Two figures, as the console has it. */
export const percent = (share: number): string =>
  share > 0.99 && share < 1 ? `${Math.floor(share * 1_000) / 10} %` : `${Number((share * 100).toPrecision(2))} %`
