import type { FailingTest } from '../steps/failing-tests.ts'
import type { Reach } from './choose.ts'

export type Bump = { readonly name: string; readonly from: string; readonly to: string }

/** What became of one package, or of several that can only go together. */
export type UpdateResult =
  | {
      readonly state: 'updated'
      readonly packages: readonly Bump[]
      readonly reach: Reach
      /** Mends a known fault. */
      readonly security: boolean
      readonly branch: string
      readonly commit: string
      readonly tookMs: number
    }
  | {
      readonly state: 'waits'
      readonly packages: readonly Bump[]
      readonly reach: Reach
      readonly reason: string
      /** ISO 8601; absent where it waits for the next run. */
      readonly until?: string
    }
  | {
      readonly state: 'failed'
      readonly packages: readonly Bump[]
      readonly reach: Reach
      /** `install`, `commit`, or the project's script that failed. */
      readonly at: string
      readonly reason: string
      readonly tests: readonly FailingTest[]
      readonly lastLines: readonly string[]
      readonly tookMs: number
    }
  | { readonly state: 'nothing to do'; readonly packages: readonly Bump[]; readonly reason: string }

export type UpdateReport = {
  /** The commit that every branch starts from. */
  readonly base: string
  readonly results: readonly UpdateResult[]
  /** Folders of earlier runs that were killed. */
  readonly cleaned: readonly string[]
  readonly tookMs: number
}

export const bumpWords = (packages: readonly Bump[]): string =>
  packages.map(({ name, from, to }) => (from === to ? `${name} ${from}` : `${name} ${from} → ${to}`)).join(', ')

/** A report for a person; each package in one line, the last lines below one that failed. */
export function updateLines({ results, cleaned, tookMs }: UpdateReport): readonly string[] {
  const lines = cleaned.map((folder) => `  removed ${folder}, left behind by a run that was killed`)
  for (const result of results) {
    switch (result.state) {
      case 'updated':
        lines.push(
          `  ✓ ${bumpWords(result.packages)}${result.security ? ' (mends a known fault)' : ''}  on ${result.branch}`,
        )
        break
      case 'waits':
        lines.push(
          `  · ${bumpWords(result.packages)}  waits${result.until === undefined ? '' : ` until ${result.until.slice(0, 10)}`}: ${result.reason}`,
        )
        break
      case 'failed':
        lines.push(
          `  ✗ ${bumpWords(result.packages)}  ${result.reason}`,
          ...result.lastLines.slice(-8).map((line) => `      ${line}`),
        )
        break
      case 'nothing to do':
        if (result.reason !== upToDate) lines.push(`  · ${bumpWords(result.packages)}  ${result.reason}`)
        break
      default:
        result satisfies never
    }
  }
  const count = (state: UpdateResult['state']): number => results.filter((one) => one.state === state).length
  lines.push(
    '',
    `${count('updated')} updated, ${count('failed')} failed, ${count('waits')} waiting, ${results.filter((one) => one.state === 'nothing to do' && one.reason === upToDate).length} up to date, in ${Math.round(tookMs / 1_000)} s. Your own tree was not touched.`,
  )
  return lines
}

export const upToDate = 'up to date'
