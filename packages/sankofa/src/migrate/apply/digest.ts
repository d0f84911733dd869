import { createHash } from 'node:crypto'
import type { Migration, Step } from '../migration.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What a file or a module says. */
export const textOf = (step: Step): string => (step.kind === 'sql' ? step.sql : step.source)

/** Covers everything that decides what a group does: a proof counts for exactly this. */
export function digestOfGroup(migrations: readonly Migration[]): string {
  const say = (step: Step | undefined): unknown =>
    step === undefined ? null : [step.kind, step.transaction, textOf(step)]
  return sha256(
    JSON.stringify(migrations.map(({ id, up, undo, backfill }) => [id, say(up), say(undo), backfill ?? null])),
  )
}
