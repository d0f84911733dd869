import { SankofaError } from '../../core/index.ts'
import type { RecordedStatement } from '../../observe/index.ts'
import type { StepClient } from '../migration.ts'
import type { Companion } from '../run/together.ts'

/**
 * The last look before the commit: what the running release sends, and what could be prepared before the group, must
 * still be preparable after it; else the transaction is rolled back. It runs in the transaction of the step, so it sees
 * what nobody else sees yet.
 *
 * @param steps - ids of the steps of the group in the order in which they run
 * @throws SankofaError `MIGRATION_BREAKS_RELEASE`
 */
export function statementsStillPrepare(
  statements: readonly RecordedStatement[],
  group: string,
  direction: 'up' | 'undo',
): (position: { readonly first: boolean; readonly last: boolean }) => Companion {
  let worked: readonly RecordedStatement[] | undefined
  return ({ first, last }) => ({
    frame: {
      async begun(unit, client) {
        if (!first || unit > 0 || statements.length === 0) return
        const broken = new Set((await notPreparable(client, statements)).map(({ statement }) => statement))
        worked = statements.filter((statement) => !broken.has(statement))
      },
      async ending(_unit, client, lastUnit) {
        if (!last || !lastUnit || worked === undefined) return
        const [broken, ...more] = await notPreparable(client, worked)
        if (broken === undefined) return
        const { statement, reason } = broken
        const { text, routes } = statement
        throw new SankofaError('MIGRATION_BREAKS_RELEASE', {
          group,
          direction,
          text,
          routes,
          reason,
          more: more.length,
        })
      },
    },
  })
}

/** In a savepoint each where there is a transaction; else each by itself. */
async function notPreparable(
  client: StepClient,
  statements: readonly RecordedStatement[],
): Promise<readonly { readonly statement: RecordedStatement; readonly reason: string }[]> {
  const found = []
  const inside = await isInTransaction(client)
  for (const statement of statements) {
    try {
      if (inside) await client.query('savepoint sankofa_prepare')
      await client.query(`prepare sankofa_prepare as ${statement.text}`)
      await client.query('deallocate sankofa_prepare')
    } catch (error) {
      found.push({ statement, reason: error instanceof Error ? error.message : String(error) })
    } finally {
      if (inside) await client.query('rollback to savepoint sankofa_prepare; release savepoint sankofa_prepare')
    }
  }
  return found
}

async function isInTransaction(client: StepClient): Promise<boolean> {
  // The start of the transaction is the start of this very statement, unless one was open before.
  const { rows } = await client.query<{ inside: boolean }>(
    'select pg_catalog.now() <> pg_catalog.statement_timestamp() as inside',
  )
  return rows[0]?.inside === true
}
