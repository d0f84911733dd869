import type { Group } from '../group.ts'
import type { StepClient } from '../migration.ts'
import type { Failure, MigrationProof } from '../prove/proof.ts'

const syntaxError = '42601'

/** A server reads the whole of a message before it runs the first statement of it, and this one always fails. */
const stop = `do $stop$ begin
  raise exception 'sankofa asks whether this server understands the statements below; none of them runs';
end $stop$;\n`

/**
 * A proof that was made on another version of PostgreSQL, with the failure that the server would end in where a statement
 * will run: newer servers know what older ones cannot read. That server reads them, and runs none.
 *
 * @param client - on the server where it will run, outside of a transaction
 */
export async function understoodThere(
  client: StepClient,
  version: string,
  group: Group,
  proof: MigrationProof,
): Promise<MigrationProof> {
  if (proof.failure !== undefined) return proof
  for (const { step, migration, sql } of textsOf(group, proof)) {
    const complaint = await complaintOf(client, sql)
    if (complaint === undefined) continue
    const reason = `PostgreSQL ${version}, where it will run, does not understand it (${complaint})`
    return { ...proof, ok: false, grade: 'fails', failure: { step, when: 'always', reason, migration } }
  }
  return proof
}

type Text = { readonly step: Failure['step']; readonly migration: string; readonly sql: string }

function textsOf(group: Group, { derivedUndo = {}, captured = {}, capturedUp = {} }: MigrationProof): readonly Text[] {
  const joined = (sent: readonly string[] | undefined): string | undefined => sent?.join(';\n')
  return group.migrations.flatMap(({ id, up, undo }) => {
    const upText = up.kind === 'sql' ? up.sql : joined(capturedUp[id])
    const undoText = undo?.kind === 'sql' ? undo.sql : (joined(captured[id]) ?? derivedUndo[id])
    return [
      ...(upText === undefined ? [] : [{ step: 'up' as const, migration: id, sql: upText }]),
      ...(undoText === undefined ? [] : [{ step: 'undo' as const, migration: id, sql: undoText }]),
    ]
  })
}

/** @internal What the server says of a text that it cannot read. */
export async function complaintOf(client: StepClient, sql: string): Promise<string | undefined> {
  try {
    await client.query(stop + sql)
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message?: string }
    // A connection that broke has no code of PostgreSQL's: not an answer.
    if (code === undefined) throw error
    return code === syntaxError ? message : undefined
  }
  throw new Error('PostgreSQL ran statements that it was only asked to read')
}
