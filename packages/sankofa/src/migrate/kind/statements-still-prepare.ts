import { SankofaError } from '../../core/index.ts'
import type { RecordedStatement } from '../../observe/index.ts'
import type { StepClient } from '../migration.ts'
import type { Companion } from '../run/together.ts'
import { loadParser } from '../sql/statement.ts'
import { namedTables } from '../statements/named-tables.ts'
import { isOneStatement } from '../statements/one-statement.ts'
import { findAmong, readRelations } from '../statements/relations.ts'
import { lackingSince, type WrittenRules, writtenRules } from '../statements/written-rules.ts'

/**
 * The last look before the commit: what the running release sends, and what could be prepared before the group, must
 * still be preparable after it, and no INSERT may lack a value that is wanted since; else the transaction is rolled back.
 * It runs in the transaction of the step, so it sees what nobody else sees yet.
 *
 * @param steps - ids of the steps of the group in the order in which they run
 * @throws SankofaError `MIGRATION_BREAKS_RELEASE`
 */
export function statementsStillPrepare(
  statements: readonly RecordedStatement[],
  group: string,
  direction: 'up' | 'undo',
): (position: { readonly first: boolean; readonly last: boolean }) => Companion {
  let worked: readonly Worked[] | undefined
  return ({ first, last }) => ({
    frame: {
      async begun(unit, client) {
        if (!first || unit > 0 || statements.length === 0) return
        await loadParser()
        // What is recorded comes from a table, and this runs on the live database: nothing but a single statement is sent.
        const single = statements.filter(({ text }) => isOneStatement(text))
        const broken = new Set((await notPreparable(client, single)).map(({ statement }) => statement))
        const preparable = single.filter((statement) => !broken.has(statement))
        const written = await rulesOf(client, preparable)
        worked = preparable.map((statement) => ({ statement, written: written(statement) }))
      },
      async ending(_unit, client, lastUnit) {
        if (!last || !lastUnit || worked === undefined) return
        const now = worked.map(({ statement }) => statement)
        const unprepared = await notPreparable(client, now)
        const [broken, ...more] = unprepared.length > 0 ? unprepared : await lacking(client, worked)
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

type Worked = { readonly statement: RecordedStatement; readonly written: WrittenRules }
type Found = { readonly statement: RecordedStatement; readonly reason: string }

/** What preparing does not see: an INSERT that leaves out a column which must have a value now. */
async function lacking(client: StepClient, worked: readonly Worked[]): Promise<readonly Found[]> {
  const now = await rulesOf(
    client,
    worked.map(({ statement }) => statement),
  )
  return worked.flatMap(({ statement, written }) => {
    const reason = lackingSince(written, now(statement))
    return reason === undefined ? [] : [{ statement, reason }]
  })
}

export async function rulesOf(
  client: StepClient,
  statements: readonly RecordedStatement[],
): Promise<(statement: RecordedStatement) => WrittenRules> {
  const names = statements.flatMap(({ text }) => namedTables(text) ?? []).map(({ name }) => name)
  const find = findAmong(await readRelations(client, [...new Set(names)]))
  return ({ text, parameterTypes = [] }) => writtenRules(text, parameterTypes, find)
}

/** In a savepoint each where there is a transaction; else each by itself. */
export async function notPreparable(
  client: StepClient,
  statements: readonly RecordedStatement[],
): Promise<readonly Found[]> {
  const found: Found[] = []
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
