import { setTimeout as sleep } from 'node:timers/promises'
import type { StepClient } from '../migration.ts'
import type { TableLock } from './stash-plan.ts'
import { literal, quoted } from './text-form.ts'
import { fullName } from './world.ts'

// As long as the runner waits for one lock, where it does not say.
const budgetMs = 2_000

/**
 * Takes all locks, or none: it never waits for a lock while it holds another, so that no customer can be caught in a
 * deadlock with it, in whatever order they take their tables. Nobody writes these tables until the transaction ends.
 *
 * @throws lock_not_available (55P03) when they did not come within the session's `lock_timeout`
 */
export async function takeLocks(client: StepClient, locks: readonly TableLock[]): Promise<void> {
  if (locks.length === 0) return
  const { rows } = await client.query<{ ms: number }>(
    `select setting.setting::int4 as ms from pg_catalog.pg_settings as setting where setting.name = 'lock_timeout'`,
  )
  const until = performance.now() + (rows[0]?.ms || budgetMs)
  let queue = await there(client, locks)
  for (let tries = 1; ; tries++) {
    // With several, first without queueing: a writer that stands behind us holds what we want next.
    const first = tries % 5 === 0 || queue.length === 1 ? '' : ' nowait'
    const refused = await attempt(client, queue, first)
    if (refused === undefined) return
    if (performance.now() >= until) throw refused.error
    const { at } = refused
    queue = [...queue.slice(at), ...queue.slice(0, at)]
    await sleep(1 + Math.random() * 4)
  }
}

type Refused = { readonly at: number; readonly error: unknown }

/** @returns what was not to be had, when nothing is held any more */
async function attempt(client: StepClient, locks: readonly TableLock[], first: string): Promise<Refused | undefined> {
  await client.query('savepoint sankofa_locks')
  let at = 0
  try {
    for (const lock of locks) {
      await client.query(`${statementOf(lock)}${at === 0 ? first : ' nowait'}`)
      at++
    }
    await client.query('release savepoint sankofa_locks')
    return undefined
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== '55P03') throw error
    await client.query('rollback to savepoint sankofa_locks; release savepoint sankofa_locks')
    return { at, error }
  }
}

/** Partitions and heirs are locks of their own: PostgreSQL would wait for them with their parent in hand. */
const statementOf = ({ table, mode }: TableLock): string =>
  `lock table only ${quoted(table)} in ${mode
    .replace(/Lock$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()} mode`

/** An earlier step of the same group may have dropped some. */
async function there(client: StepClient, locks: readonly TableLock[]): Promise<readonly TableLock[]> {
  const { rows } = await client.query<{ there: readonly boolean[] }>(
    `select array[${locks.map(({ table }) => `pg_catalog.to_regclass(${literal(quoted(table))}) is not null`).join(', ')}] as there`,
  )
  return locks
    .filter((_, index) => rows[0]?.there[index] === true)
    .toSorted((one, other) => (fullName(one.table) < fullName(other.table) ? -1 : 1))
}
