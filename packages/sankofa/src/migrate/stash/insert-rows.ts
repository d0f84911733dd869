import type { StepClient } from '../migration.ts'
import { isAboutRow } from './failure.ts'
import { stashTable } from './kept.ts'
import type { Work } from './put-work.ts'
import { identifier, quoted } from './text-form.ts'
import { tolerantly } from './tolerant.ts'
import { withoutTriggers } from './triggers.ts'
import type { ForeignKey, World } from './world.ts'

/** Gives rows back that are missing; of those that did not fit before, tries only them again. */
export async function insertRows(client: StepClient, works: readonly Work[]): Promise<void> {
  for (const work of works) {
    const { table, sorted, failures } = work
    const ids = failures.size === 0 ? sorted.insert : sorted.insert.filter((id) => failures.has(id))
    if (ids.length === 0) continue
    const failed = await withoutTriggers(client, table, () =>
      tolerantly(client, ids, (some) => insertSome(client, work, some)),
    )
    work.inserted += ids.length - failed.length
    for (const id of ids) failures.delete(id)
    for (const { id, reason } of failed) failures.set(id, reason)
  }
}

async function insertSome(client: StepClient, { entry, table, names }: Work, ids: readonly string[]): Promise<void> {
  const columns = table.columns.flatMap((column) => {
    const index = names.columns.indexOf(column.name)
    return index < 0 || column.generated ? [] : [{ ...column, value: `stashed.v${index + 1}::${column.type}` }]
  })
  await client.query(
    `insert into ${quoted(table)} (${columns.map(({ name }) => identifier(name)).join(', ')}) overriding system value
     select ${columns.map(({ value }) => value).join(', ')}
       from ${stashTable(entry.id)} as stashed where stashed.id = any ($1::int8[]) order by stashed.id`,
    [ids],
  )
}

/** Rows of several tables that refer to one another can only come back all at once, with the references checked last. */
export async function insertTogether(client: StepClient, works: readonly Work[], world: World): Promise<void> {
  const oids = new Set(works.map(({ table }) => table.oid))
  const between = world.foreignKeys.filter(
    ({ from, to, inherited }) => !inherited && oids.has(from) && oids.has(to) && from !== to,
  )
  if (between.length === 0) return
  const waiting = works.map((work) => ({ work, ids: work.sorted.insert.filter((id) => work.failures.has(id)) }))
  await client.query('savepoint sankofa_together')
  try {
    await client.query('set constraints all immediate')
    const insertAll = (): Promise<void> =>
      checkedLast(client, between, async () => {
        for (const { work, ids } of waiting) await insertSome(client, work, ids)
      })
    await works.reduce(
      (inner, { table }) =>
        () =>
          withoutTriggers(client, table, inner),
      insertAll,
    )()
    await client.query('release savepoint sankofa_together')
  } catch (error) {
    if (!isAboutRow(error)) throw error
    await client.query('rollback to savepoint sankofa_together; release savepoint sankofa_together')
    return
  }
  for (const { work, ids } of waiting) {
    work.inserted += ids.length
    for (const id of ids) work.failures.delete(id)
  }
}

/** Foreign keys may be made deferrable, and what they were again, without being checked anew. */
async function checkedLast(client: StepClient, keys: readonly ForeignKey[], work: () => Promise<void>): Promise<void> {
  const alter = async (how: (key: ForeignKey) => string): Promise<void> => {
    for (const key of keys) {
      await client.query(`alter table ${key.table} alter constraint ${identifier(key.name)} ${how(key)}`)
    }
  }
  await alter(() => 'deferrable initially deferred')
  await client.query('set constraints all deferred')
  await work()
  await client.query('set constraints all immediate')
  await alter(({ deferrable, deferred }) =>
    deferrable ? `deferrable initially ${deferred ? 'deferred' : 'immediate'}` : 'not deferrable',
  )
}
