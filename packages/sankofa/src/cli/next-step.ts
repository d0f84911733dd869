import { relative } from 'node:path'
import { type MigrationProof, type Summary, summaryOf } from '../migrate/index.ts'
import type { FoundSet } from './find-set.ts'

export type Place = {
  readonly from: string
  /** The folder that was named to the command. */
  readonly directory: string | undefined
  readonly found: FoundSet
}

/** The summary of a proof, with its next command as it can be typed here. */
export function summaryHere(proof: MigrationProof, place: Place): Summary {
  const summary = summaryOf(proof)
  return summary.next === undefined ? summary : { ...summary, next: commandHere(summary.next, place) }
}

/** `npx` finds the project's own Sankofa; what was told by a folder has to be told again. */
function commandHere(next: string, { from, directory, found }: Place): string {
  const command = next.replace(/^sankofa /, 'npx sankofa ')
  if (directory === undefined || found.configured) return command
  const folder = relative(from, found.set.directory) || '.'
  return command
    .replace(/^(npx sankofa prove) (?=--)/, `$1 ${folder} `)
    .replace(/^(npx sankofa migrate new --derive \S+)/, `$1 --dir ${folder}`)
}

/** What the next commands need first, in a project that was only looked through; `undefined` where they need nothing. */
export function neededFirst(commands: readonly (string | undefined)[], { from, found }: Place): string | undefined {
  const needConfig = commands.some((one) => /^npx sankofa (migrate up|go) ?/.test(one ?? ''))
  if (!needConfig || found.configured) return undefined
  const folder = relative(from, found.set.directory) || '.'
  return `"migrate up" and "go" need DATABASE_URL and, here, a sankofa.config.ts: export const config = { service: 'NAME', migrations: { directory: '${folder}' } }`
}
