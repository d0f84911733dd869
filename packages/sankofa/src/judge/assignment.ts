import { hash } from 'node:crypto'

/**
 * Where a subject stands between 0 and 1: a change that is out at share `s` shows itself to those below `s`.
 *
 * The same salt and subject always give the same place, in every process; another salt gives an independent one.
 *
 * @param salt - new at every `go`, retries included, else those who were hurt once are hurt first again
 * @param subject - keyed hash of the subject
 * @returns u in [0, 1), from the first 52 bits of a SHA-256
 */
export function unitInterval(salt: string, subject: string): number {
  return Number.parseInt(hash('sha256', `${salt}\n${subject}`, 'hex').slice(0, 13), 16) / 2 ** 52
}
