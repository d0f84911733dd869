import type { StepClient } from '../migration.ts'
import { eraseInstant, type SubjectMark } from './erase-instant.ts'
import { captureTable, type Kept, stashTable } from './kept.ts'
import { recount } from './registry.ts'

export type Erased = { readonly stash: bigint; readonly table: string; readonly rows: number }

/**
 * Deletes a person's rows from every stash that still holds rows. No undo gives them back.
 *
 * A stash holds only the columns that a step destroyed and those of the key: name the person by their id too.
 *
 * @param client - in a transaction, where that matters to the caller; each stash is done as a whole in any case
 */
export async function eraseSubject(client: StepClient, subject: readonly SubjectMark[]): Promise<readonly Erased[]> {
  const { rows: stashes } = await client.query<{ id: string; table: string; kept: Kept; state: string }>(
    `select stash.id::text as id, stash.table_name as table, stash.plan as kept, stash.state
       from sankofa.stash
      where stash.state in ('capturing', 'open') or (stash.state = 'restored' and stash.rows > 0)
      order by stash.id`,
  )
  const erased: Erased[] = []
  for (const { id: text, table, kept, state } of stashes) {
    const id = BigInt(text)
    if (kept.instant !== undefined && state === 'open') {
      const rows = await eraseInstant(client, { id, kept }, subject)
      if (rows === 0) continue
      await client.query('update sankofa.stash set erased = stash.erased + $2::int8 where stash.id = $1', [text, rows])
      erased.push({ stash: id, table, rows })
      continue
    }
    const found = conditions(kept, subject)
    if (found.length === 0) continue
    const name = state === 'capturing' ? captureTable(id) : stashTable(id)
    const values = subject.map(({ value }) => value)
    const { rowCount } = await client.query(`delete from ${name} as stashed where ${found.join(' or ')}`, [values])
    const rows = rowCount ?? 0
    if (rows === 0) continue
    if (state !== 'capturing') await recount(client, id)
    await client.query('update sankofa.stash set erased = stash.erased + $2::int8 where stash.id = $1', [text, rows])
    erased.push({ stash: id, table, rows })
  }
  return erased
}

/** `$1` is all values; one that names a column counts only there. */
function conditions(kept: Kept, subject: readonly SubjectMark[]): readonly string[] {
  return subject.flatMap(({ column }, index) => {
    const value = `($1::text[])[${index + 1}]`
    const places = [
      ...kept.columns.map((name, position) => ({ name, sql: `stashed.v${position + 1}` })),
      ...kept.key.map((name, position) => ({ name, sql: `stashed.key[${position + 1}]` })),
    ].filter(({ name }) => column === undefined || name === column)
    return places.map(({ sql }) => `${sql} = ${value}`)
  })
}
