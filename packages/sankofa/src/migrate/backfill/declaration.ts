import { SankofaError } from '../../core/index.ts'
import type { Migration } from '../migration.ts'
import { readStatements } from '../sql/statement.ts'

/** What `backfill.sql` says: which rows, by which key, and the statement for one batch. */
export type BackfillDeclaration = {
  readonly table: string
  readonly key: string
  readonly batch?: number
  readonly statement: string
}

/**
 * Reads the text of a `backfill.sql`: comment lines `-- table: public.orders`, `-- key: id`, perhaps `-- batch: 500`, then one
 * statement with `$1` and `$2`.
 *
 * @throws SankofaError `BACKFILL_WRONG`, `MIGRATION_UNREADABLE`
 */
export async function backfillOf({ id, backfill = '' }: Migration): Promise<BackfillDeclaration> {
  const wrong = (reason: string): SankofaError => new SankofaError('BACKFILL_WRONG', { name: id, reason })
  const header = new Map<string, string>()
  for (const line of backfill.split(/\r?\n/)) {
    const found = /^--\s*(table|key|batch)\s*:\s*(.+?)\s*$/.exec(line)
    if (found?.[1] !== undefined && found[2] !== undefined) header.set(found[1], found[2])
    else if (line.trim() !== '' && !line.startsWith('--')) break
  }
  const table = header.get('table')
  const key = header.get('key')
  if (table === undefined || key === undefined) {
    throw wrong('it has to begin with the lines "-- table: NAME" and "-- key: COLUMN"')
  }
  const batch = header.get('batch')
  if (batch !== undefined && !/^[1-9]\d{0,6}$/.test(batch)) throw wrong(`"-- batch: ${batch}" is no number of rows`)
  const statements = await readStatements(backfill, `backfill.sql of ${id}`)
  const [first] = statements
  if (first === undefined || statements.length > 1) {
    throw wrong(`it has ${statements.length} statements, and one is needed`)
  }
  if (!['UpdateStmt', 'InsertStmt', 'DeleteStmt', 'MergeStmt', 'SelectStmt'].includes(first.kind)) {
    throw wrong('its statement has to read or write rows')
  }
  for (const parameter of ['1', '2']) {
    if (!JSON.stringify(first.node).includes(`"ParamRef":{"number":${parameter},`)) {
      throw wrong(
        `its statement does not use $${parameter}, ${parameter === '1' ? 'the first' : 'the last'} key of the batch`,
      )
    }
  }
  return { table, key, statement: first.sql, ...(batch === undefined ? {} : { batch: Number(batch) }) }
}
