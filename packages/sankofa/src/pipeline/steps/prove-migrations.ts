import { isSankofaError } from '../../core/index.ts'
import {
  type MigrationProof,
  type MigrationSet,
  type ProveOptions,
  proveMigrations,
  summaryOf,
} from '../../migrate/index.ts'
import { type Step, seconds, stepFailed } from '../step.ts'

export type ProveMigrationsOptions = Omit<ProveOptions, 'onBase' | 'onProof'> & {
  /** `undefined` where the project has no migrations. */
  readonly read: () => Promise<MigrationSet | undefined>
  /** What the result depends on, such as the digest of the migrations. */
  readonly key?: () => string | Promise<string>
  /** Groups whose missing proof a person accepts, with the reason. */
  readonly unproved?: Readonly<Record<string, string>>
  /** Told of each proof, to keep it. */
  readonly onProof?: (proof: MigrationProof) => void
}

/** Proves on a throw-away server that each migration can be taken back; one that cannot stops. */
export function proveMigrationsStep({ read, key, unproved = {}, onProof, ...options }: ProveMigrationsOptions): Step {
  return {
    id: 'prove-migrations',
    title: 'Prove the undo of migrations',
    ...(key === undefined ? {} : { key }),
    async run({ log, signal }) {
      const set = await read().catch((error: unknown) => {
        if (isSankofaError(error) && error.code === 'MIGRATIONS_NOT_FOUND') return undefined
        throw error
      })
      if (set === undefined || set.migrations.length === 0) return { skipped: 'there are no migrations' }
      const notProved: MigrationProof[] = []
      const report = await proveMigrations(set, {
        ...options,
        // A proof under way is let go: its server ends with this process.
        onBase: () => signal.throwIfAborted(),
        onProof: (proof) => {
          signal.throwIfAborted()
          onProof?.(proof)
          const { mark, text, next } = summaryOf(proof)
          const accepted = proof.ok ? undefined : unproved[proof.group]
          log(`${mark} ${proof.group}: ${text}${accepted === undefined ? '' : ` (let through: ${accepted})`}`)
          if (next !== undefined && accepted === undefined) log(`  next: ${next}`)
          if (!proof.ok && accepted === undefined) notProved.push(proof)
        },
      })
      const [first] = notProved
      if (first !== undefined) {
        const { text, next } = summaryOf(first)
        const more = notProved.length > 1 ? ` ${notProved.length - 1} more are not proved.` : ''
        throw stepFailed(
          `${first.group} cannot be taken back: ${text}.${more}`,
          next === undefined ? '' : `Run: ${next}`,
        )
      }
      const unprovedCount = report.proofs.filter(({ ok }) => !ok).length
      return `${report.proofs.length - unprovedCount} undos proved on PostgreSQL ${report.postgres} in ${seconds(report.tookMs)}${unprovedCount > 0 ? `, ${unprovedCount} let through unproved` : ''}`
    },
  }
}
