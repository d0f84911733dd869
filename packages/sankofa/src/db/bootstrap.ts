import { readdir, readFile } from 'node:fs/promises'
import type pg from 'pg'
import { SankofaError } from '../core/index.ts'
import { inTransaction } from './pool.ts'

const folder = new URL('./schema/', import.meta.url)

/**
 * Creates or extends the schema `sankofa`. Forward only and expand only, so that two versions of Sankofa can share it.
 * Safe to run from several processes at once, and again.
 *
 * @param options.only - these steps alone, for a throw-away database that needs no more
 * @throws SankofaError `SCHEMA_TAKEN` where the schema of that name is somebody else's
 */
export async function bootstrap(pool: pg.Pool, options: { readonly only?: readonly string[] } = {}): Promise<void> {
  const { only } = options
  const steps = (await readdir(folder))
    .filter((name) => name.endsWith('.sql') && (only === undefined || only.includes(name.replace(/\.sql$/, ''))))
    .sort()
  const wanted = steps.map((name) => name.replace(/\.sql$/, ''))
  if (await isComplete(pool, wanted)) return
  await inTransaction(pool, async (client) => {
    // One creator at a time; transaction-level, so it also works behind a transaction pooler.
    await client.query(`select pg_advisory_xact_lock(hashtext('sankofa.bootstrap'))`)
    await refuseTakenSchema(client)
    await client.query('create schema if not exists sankofa')
    await client.query(`
      create table if not exists sankofa.schema_step (
        step       text        primary key,
        applied_at timestamptz not null default clock_timestamp()
      )`)
    const applied = await client.query<{ step: string }>('select schema_step.step from sankofa.schema_step')
    const done = new Set(applied.rows.map((row) => row.step))
    for (const [index, step] of wanted.entries()) {
      if (done.has(step)) continue
      await client.query(await readFile(new URL(steps[index] ?? '', folder), 'utf8')).catch(sayTaken)
      await client.query('insert into sankofa.schema_step (step) values ($1)', [step])
    }
  })
}

/**
 * An empty schema may have been made for Sankofa; one with objects must have the list of its steps.
 *
 * @throws SankofaError `SCHEMA_TAKEN`
 */
export async function refuseTakenSchema(client: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select found.name
       from (select relation.relname as name, relation.relnamespace as home from pg_class as relation
              where relation.relkind not in ('i', 'I', 't')
             union all
             select routine.proname, routine.pronamespace from pg_proc as routine) as found
       join pg_namespace as space on space.oid = found.home
      where space.nspname = 'sankofa' and not ${stepsAreThere}
      order by found.name
      limit 5`,
  )
  if (rows.length > 0) throw new SankofaError('SCHEMA_TAKEN', { holds: rows.map(({ name }) => name) })
}

/** A table, type or function of another in Sankofa's own schema has the name that a step is to give. */
function sayTaken(cause: Error & { readonly code?: string }): never {
  const taken = ['42P07', '42710', '42723'].includes(cause.code ?? '')
  throw taken ? new SankofaError('SCHEMA_TAKEN', { holds: [cause.message] }, { cause }) : cause
}

const stepsAreThere = `(select count(*) = 2 from pg_attribute as field
  where field.attrelid = to_regclass('sankofa.schema_step') and field.attname in ('step', 'applied_at'))`

async function isComplete(pool: pg.Pool, wanted: readonly string[]): Promise<boolean> {
  const exists = await pool.query<{ there: boolean }>(`select ${stepsAreThere} as there`)
  if (exists.rows[0]?.there !== true) return false
  const applied = await pool.query<{ step: string }>('select schema_step.step from sankofa.schema_step')
  const done = new Set(applied.rows.map((row) => row.step))
  return wanted.every((step) => done.has(step))
}
