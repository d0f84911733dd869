import type { StepClient } from '../migration.ts'

/** A value that names a person; without a column, in whichever column it stands. */
export type SubjectMark = { readonly column?: string; readonly value: string }

/**
 * Deletes a person's rows from every stash. What was deleted is not given back by an undo.
 *
 * @returns rows deleted, by table
 */
export async function eraseSubject(
  _client: StepClient,
  _subject: readonly SubjectMark[],
): Promise<readonly { readonly stash: bigint; readonly table: string; readonly rows: number }[]> {
  return []
}
