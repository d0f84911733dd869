import type { StepClient } from '../migration.ts'
import { identifier, quoted } from './text-form.ts'
import type { Table } from './world.ts'

/**
 * Runs `work` while the table's own triggers are silent: giving a row back is not the event that they wait for. Foreign
 * keys and other constraints are still checked.
 */
export async function withoutTriggers<T>(client: StepClient, table: Table, work: () => Promise<T>): Promise<T> {
  const switches = await triggerSwitches(client, table.oid)
  if (switches === undefined) return work()
  await client.query(switches.off)
  const result = await work()
  await client.query(switches.on)
  return result
}

/** @returns `undefined` where there is no trigger to silence */
export async function triggerSwitches(
  client: StepClient,
  oid: string,
): Promise<{ readonly off: string; readonly on: string } | undefined> {
  const { rows } = await client.query<{ name: string; schema: string; relation: string; enabled: string }>(
    `with recursive family as (
       select $1::oid as oid
       union all
       select inherits.inhrelid from family join pg_catalog.pg_inherits as inherits on inherits.inhparent = family.oid
     )
     select trigger.tgname as name, namespace.nspname as schema, class.relname as relation, trigger.tgenabled as enabled
       from family
       join pg_catalog.pg_trigger as trigger on trigger.tgrelid = family.oid
       join pg_catalog.pg_class as class on class.oid = family.oid
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
      where not trigger.tgisinternal and trigger.tgenabled <> 'D'`,
    [oid],
  )
  if (rows.length === 0) return undefined
  const alter = (how: (row: (typeof rows)[number]) => string): string =>
    rows
      .map(
        (row) =>
          `alter table only ${quoted({ schema: row.schema, name: row.relation })} ${how(row)} trigger ${identifier(row.name)}`,
      )
      .join('; ')
  const on = alter(({ enabled }) => (enabled === 'O' ? 'enable' : enabled === 'R' ? 'enable replica' : 'enable always'))
  // Checks that wait for the commit would keep the table from being altered.
  const checked = 'set constraints all immediate'
  return { off: `${checked}; ${alter(() => 'disable')}`, on: `${checked}; ${on}` }
}
