import { readdir, readFile } from 'node:fs/promises'
import type pg from 'pg'
import { inTransaction } from './pool.ts'

const folder = new URL('./schema/', import.meta.url)

/**
 * Creates or extends the schema `sankofa`. Forward only and expand only, so that two versions of Sankofa can share it.
 * Safe to run from several processes at once, and again.
 *
 * @param options.only - these steps alone, for a throw-away database that needs no more
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
      await client.query(await readFile(new URL(steps[index] ?? '', folder), 'utf8'))
      await client.query('insert into sankofa.schema_step (step) values ($1)', [step])
    }
  })
}

async function isComplete(pool: pg.Pool, wanted: readonly string[]): Promise<boolean> {
  const exists = await pool.query<{ there: boolean }>(`select to_regclass('sankofa.schema_step') is not null as there`)
  if (exists.rows[0]?.there !== true) return false
  const applied = await pool.query<{ step: string }>('select schema_step.step from sankofa.schema_step')
  const done = new Set(applied.rows.map((row) => row.step))
  return wanted.every((step) => done.has(step))
}
