import type { Migration, Step } from '../migration.ts'
import type { Statement } from '../sql/statement.ts'
import { untilUnblocked } from './attempts.ts'
import { sendBatch } from './batch.ts'
import { stepFailed } from './failure.ts'
import { type Direction, type Run, tellHistory } from './run.ts'
import { mayChangeSettings } from './settings-before.ts'

/** A migration, or its undo, that is one transaction: its statements, and those that record it. */
export type Piece = {
  readonly migration: Migration
  readonly direction: Direction
  readonly step: Step
  readonly opposite?: Step
  readonly statements: readonly Statement[]
  readonly books: readonly string[]
  /** The tool's history is not told of what it never knew. */
  readonly tellsHistory: boolean
}

type Line = { readonly sql: string; readonly of?: Piece; readonly own?: Statement }

/**
 * Runs several as one transaction, in one message where the tool's history need not be asked: a round trip a migration is
 * most of what applying small ones costs.
 *
 * @throws SankofaError `MIGRATION_BLOCKED`, `MIGRATION_FAILED`; nothing of them was done
 */
export async function runAtOnce(run: Run, pieces: readonly Piece[]): Promise<void> {
  const { client, pid, settings } = run.session
  const tellsHistory = run.history !== undefined && pieces.some((piece) => piece.tellsHistory)
  const lines: readonly Line[] = [
    { sql: 'begin' },
    ...pieces.flatMap((piece): readonly Line[] => [
      ...piece.statements.map((own) => ({ sql: own.sql, of: piece, own })),
      // Before the record, which a role that the migration has taken might not write, and before the next migration.
      ...[...(mayChangeSettings(piece.statements) ? settings : []), ...piece.books].map((sql) => ({ sql, of: piece })),
    ]),
    ...(tellsHistory ? [] : [{ sql: 'commit' }]),
  ]
  const statements = lines.map(({ sql }) => sql)
  let at: Line | undefined
  try {
    await untilUnblocked(run.options, { pid, migration: nameOf(pieces) }, async () => {
      at = undefined
      const failure = await sendBatch(client, statements)
      if (failure !== undefined) {
        at = lines[failure.at]
        await client.query('rollback').catch(() => {})
        throw failure.error
      }
      if (tellsHistory) await tellAndCommit(run, pieces)
    })
  } catch (error) {
    const piece = at?.of ?? pieces.at(-1)
    throw stepFailed(error, {
      migration: piece?.migration.id ?? '',
      direction: piece?.direction ?? 'up',
      statement: at?.own ?? { sql: at?.sql ?? 'commit' },
      left: pieces.length > 1 ? 'Nothing of its group was done.' : 'Nothing of it was done.',
    })
  }
}

async function tellAndCommit(run: Run, pieces: readonly Piece[]): Promise<void> {
  const { client } = run.session
  try {
    for (const piece of pieces) {
      if (piece.tellsHistory) await tellHistory(run, piece.direction, piece.migration)
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

const nameOf = (pieces: readonly Piece[]): string => pieces.map(({ migration }) => migration.id).join(', ')
