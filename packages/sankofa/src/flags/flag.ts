import { SankofaError } from '../core/index.ts'
import { conditionsOf, type Rule, type Treatment, treatments } from './rules.ts'

/**
 * How it is shown, before anything goes live, that the flag can be taken back: the old path must pass its test on rows
 * that the new path wrote. Both run against a PostgreSQL server of their own, thrown away afterwards.
 */
export interface FlagProof<Harness = unknown> {
  /** Boots the service on the empty database at `url`: its schema, and the rows that both paths need. */
  prepare(url: string): Promise<Harness>
  /** Does the flag's work with the flag on. It may fail: finding that is the rollout's work, not the proof's. */
  newPath(harness: Harness): Promise<unknown>
  /** The old path's test, with the flag off, on what is in the database now. Throws when the old path is broken. */
  oldPath(harness: Harness): Promise<unknown>
  close(harness: Harness): Promise<unknown>
}

export type Flag = {
  readonly id: string
  readonly title: string
  readonly owner: string
  /** `YYYY-MM-DD`: the last day on which both paths are meant to be in the code. */
  readonly expires: string
  readonly rules: readonly Rule[]
  /** For whom no rule holds. */
  readonly otherwise: Treatment
  /** Subjects by their plain id. They come before the rules, and are never measured. */
  readonly named: { readonly on: readonly string[]; readonly off: readonly string[] }
  readonly proof: FlagProof | undefined
}

export type FlagDeclaration<Harness> = {
  readonly id: string
  readonly title: string
  readonly owner: string
  readonly expires: string
  readonly rules?: readonly Rule[]
  readonly otherwise?: Treatment
  readonly named?: { readonly on?: readonly string[]; readonly off?: readonly string[] }
  readonly proof?: FlagProof<Harness>
}

const idPattern = /^[a-z0-9][a-z0-9._-]{0,99}$/
const dayMs = 24 * 60 * 60 * 1000

/**
 * Declares a flag: two paths in the code, the old one being what runs until a change says otherwise.
 *
 * @throws SankofaError `SETTINGS_WRONG` with every wrong setting at once
 */
export function defineFlag<Harness = unknown>(declaration: FlagDeclaration<Harness>): Flag {
  const { id, title, owner, expires, proof } = declaration
  const flag: Flag = {
    id,
    title,
    owner,
    expires,
    rules: declaration.rules ?? [],
    otherwise: declaration.otherwise ?? 'randomised',
    named: { on: declaration.named?.on ?? [], off: declaration.named?.off ?? [] },
    proof,
  }
  const problems = problemsOf(flag)
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
  return flag
}

/** First millisecond after the last day, UTC. */
export const expiryMs = (flag: Flag): number => Date.parse(`${flag.expires}T00:00:00Z`) + dayMs

export const isExpired = (flag: Flag, nowMs: number): boolean => nowMs >= expiryMs(flag)

function problemsOf(flag: Flag): readonly string[] {
  const name = `flag "${flag.id}"`
  const problems: string[] = []
  if (!idPattern.test(flag.id)) {
    problems.push(
      `${name}: the id is lower-case letters, digits, dots, underscores and hyphens, such as "new-checkout"`,
    )
  }
  if (flag.title.trim() === '') problems.push(`${name}: title is empty; say what the new path does`)
  if (flag.owner.trim() === '') problems.push(`${name}: owner is empty; name who removes the old path`)
  if (!isDay(flag.expires)) {
    problems.push(`${name}: expires is "${flag.expires}"; expected a day that exists, as YYYY-MM-DD`)
  }
  const both = flag.named.on.filter((subject) => flag.named.off.includes(subject))
  if (both.length > 0) problems.push(`${name}: named both on and off: ${both.join(', ')}`)
  flag.rules.forEach((rule, index) => {
    if (conditionsOf(rule).length === 0)
      problems.push(`${name}: rule ${index + 1} has no condition; use "otherwise" instead`)
  })
  for (const treatment of [...flag.rules.map((rule) => rule.treat), flag.otherwise]) {
    if (!treatments.includes(treatment)) {
      problems.push(`${name}: "${String(treatment)}" is not one of ${treatments.join(', ')}`)
    }
  }
  return problems
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const day = new Date(`${text}T00:00:00Z`)
  // 2026-02-30 parses as 2 March in some engines and not at all in others.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
