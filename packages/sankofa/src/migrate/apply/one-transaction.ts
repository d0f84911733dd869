import type { StepClient } from '../migration.ts'
import { runStep } from '../run/run-step.ts'
import { together } from '../run/together.ts'
import type { Piece } from './at-once.ts'
import { untilUnblocked } from './attempts.ts'
import { stepFailed } from './failure.ts'
import { type Run, tellHistory } from './run.ts'

/**
 * Runs several as one transaction, statement by statement, each with what surrounds it.
 *
 * @throws SankofaError `MIGRATION_BLOCKED`, `MIGRATION_FAILED`; nothing of them was done
 */
export async function runInOneTransaction(run: Run, pieces: readonly Piece[]): Promise<void> {
  const { client, pid, baseline } = run.session
  const inside = withoutTransactions(client)
  let at = pieces[0]
  const all = async (): Promise<void> => {
    await client.query(baseline.join(';'))
    await client.query('begin')
    try {
      for (const piece of pieces) {
        at = piece
        await runPiece(run, piece, inside)
      }
      await client.query('commit')
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
  }
  try {
    await untilUnblocked(run.options, { pid, migration: pieces.map(({ migration }) => migration.id).join(', ') }, all)
  } catch (error) {
    const left = 'Nothing of its group was done.'
    throw stepFailed(error, { migration: at?.migration.id ?? '', direction: at?.direction ?? 'up', left })
  }
}

async function runPiece(run: Run, piece: Piece, client: StepClient): Promise<void> {
  const { migration, direction, step, opposite, books } = piece
  const companion = await run.options.stash?.({
    direction,
    group: migration.group,
    migration: migration.id,
    step,
    ...(opposite === undefined ? {} : { opposite }),
    client,
  })
  const frame = {
    ending: async (): Promise<void> => {
      await client.query(run.session.settings.join(';'))
      for (const sql of books) await client.query(sql)
      if (piece.tellsHistory) await tellHistory(run, direction, migration)
    },
  }
  // Innermost, so that who surrounds the step sees it end with its record.
  const { watcher, frame: around } = together(companion ?? {}, { frame })
  await runStep(client, step, watcher, around)
}

/** The transaction is the group's: a step's own begin and commit are left out. */
function withoutTransactions(client: StepClient): StepClient {
  const own = new Set(['begin', 'commit', 'rollback'])
  const query = client.query.bind(client) as (...args: readonly unknown[]) => Promise<unknown>
  const inside = async (...args: readonly unknown[]): Promise<unknown> =>
    typeof args[0] === 'string' && own.has(args[0]) ? undefined : query(...args)
  return { query: inside as StepClient['query'] }
}
