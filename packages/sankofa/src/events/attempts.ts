import type pg from 'pg'
import sql, { empty } from 'sql-template-tag'

/** A piece of work as two event types: it was begun, it was done. Both events of one piece share their `reference`. */
export type AttemptTypes = { readonly attempted: string; readonly completed: string }

/** Money in minor units, by currency. */
export type Worth = { readonly currency: string; readonly amount: bigint }

export type Unfinished = {
  /** Customers who began at least once. */
  readonly attempted: number
  /** Customers of those who have something left that they began and could not do. */
  readonly couldNot: number
  /** Worth of what they could not do, once for each reference; of tries without a reference, only the last. */
  readonly worth: readonly Worth[]
  /** How many of those carry no amount: more than 0 makes `worth` a lower bound. */
  readonly withoutAmount: number
  readonly firstAt: Date | undefined
}

/** A checkout that is not done within this time has failed. */
export const attemptLimitMs = 10_000

/**
 * Who began between `from` and `to` and was not done by 10 s after `to`. Someone who failed, tried again in that time and
 * got through is not counted; someone who got through only later is: at the time they could not.
 *
 * @param filter.exposedTo - only those who were exposed to this change when they began
 * @param filter.notExposedTo - only those who were not
 */
export async function unfinishedAttempts(
  pool: pg.Pool | pg.ClientBase,
  types: AttemptTypes,
  filter: { readonly from: Date; readonly to: Date; readonly exposedTo?: string; readonly notExposedTo?: string },
): Promise<Unfinished> {
  const { rows } = await pool.query<{
    attempted: number
    could_not: number
    without_amount: number
    first_at: Date | null
    worth: readonly { readonly currency: string; readonly amount: string }[]
  }>(sql`
    with attempt as (
      select event.id, event.at, event.subject, event.reference, event.amount, event.currency
        from sankofa.event as event
       where event.type = ${types.attempted}::text
         and event.at >= ${filter.from}::timestamptz
         and event.at <= ${filter.to}::timestamptz
         ${filter.exposedTo === undefined ? empty : sql`and event.exposed_to @> array[${filter.exposedTo}::text]`}
         ${filter.notExposedTo === undefined ? empty : sql`and not event.exposed_to @> array[${filter.notExposedTo}::text]`}
    ), unfinished as (
      select distinct on (attempt.subject, coalesce(attempt.reference, ''))
             attempt.at, attempt.subject, attempt.amount, attempt.currency
        from attempt
       where not exists (
               select
                 from sankofa.event as completion
                where completion.subject = attempt.subject
                  and completion.type = ${types.completed}::text
                  and completion.at >= ${filter.from}::timestamptz
                  and completion.at >= attempt.at
                  and completion.at <= ${filter.to}::timestamptz + ${attemptLimitMs}::int * interval '1 millisecond'
                  and coalesce(completion.reference = attempt.reference, true))
       order by attempt.subject, coalesce(attempt.reference, ''), attempt.id desc
    ), summed as (
      select unfinished.currency, sum(unfinished.amount)::text as amount
        from unfinished
       where unfinished.amount is not null
         and unfinished.currency is not null
       group by unfinished.currency
    )
    select (select count(distinct attempt.subject) from attempt)::int as attempted,
           (select count(distinct unfinished.subject) from unfinished)::int as could_not,
           (select count(*) from unfinished where unfinished.amount is null or unfinished.currency is null)::int as without_amount,
           (select min(unfinished.at) from unfinished) as first_at,
           (select coalesce(jsonb_agg(jsonb_build_object('currency', summed.currency, 'amount', summed.amount)
                                      order by summed.currency), '[]'::jsonb)
              from summed) as worth`)
  const row = rows[0]
  if (row === undefined) throw new Error('PostgreSQL gave no answer to a count.')
  return {
    attempted: row.attempted,
    couldNot: row.could_not,
    worth: row.worth.map(({ currency, amount }) => ({ currency, amount: BigInt(amount) })),
    withoutAmount: row.without_amount,
    firstAt: row.first_at ?? undefined,
  }
}

/** How many began in a step of time, and how many of those were not done within 10 s. */
export type AttemptStep = { readonly startMs: number; readonly attempts: number; readonly unfinished: number }

/**
 * Attempts by step of time, each judged on its own; steps without any are left out.
 *
 * @param range.toMs - leave 10 s to now, or what is still under way counts as unfinished
 * @param range.onceExposedTo - only customers who began, at any time in the hours `since`, while exposed to this change
 */
export async function attemptSteps(
  pool: pg.Pool | pg.ClientBase,
  types: AttemptTypes,
  range: {
    readonly fromMs: number
    readonly toMs: number
    readonly stepMs: number
    readonly onceExposedTo?: { readonly change: string; readonly since: Date }
  },
): Promise<readonly AttemptStep[]> {
  const once = range.onceExposedTo
  const { rows } = await pool.query<{ step: number; attempts: number; unfinished: number }>(sql`
    with attempt as (
      select event.id, event.at, event.subject, event.reference
        from sankofa.event as event
       where event.type = ${types.attempted}::text
         and event.at >= to_timestamp(${range.fromMs}::bigint / 1000.0)
         and event.at < to_timestamp(${range.toMs}::bigint / 1000.0)
         ${
           once === undefined
             ? empty
             : sql`and event.subject in (
                     select exposed.subject
                       from sankofa.event as exposed
                      where exposed.type = ${types.attempted}::text
                        and exposed.at >= ${once.since}::timestamptz
                        and exposed.exposed_to @> array[${once.change}::text])`
         }
    ), finished as (
      -- A join, so that one read of the period serves all attempts; a condition for each would read it again and again.
      select distinct attempt.id
        from attempt
        join sankofa.event as completion on completion.subject = attempt.subject
       where completion.type = ${types.completed}::text
         and completion.at >= to_timestamp(${range.fromMs}::bigint / 1000.0)
         and completion.at <= to_timestamp(${range.toMs + attemptLimitMs}::bigint / 1000.0)
         and completion.at >= attempt.at
         and completion.at <= attempt.at + ${attemptLimitMs}::int * interval '1 millisecond'
         and coalesce(completion.reference = attempt.reference, true)
    )
    select floor((extract(epoch from attempt.at) * 1000 - ${range.fromMs}::bigint) / ${range.stepMs}::bigint)::int as step,
           count(*)::int as attempts,
           count(*) filter (where finished.id is null)::int as unfinished
      from attempt
      left join finished on finished.id = attempt.id
     group by 1
     order by 1`)
  return rows.map((row) => ({
    startMs: range.fromMs + row.step * range.stepMs,
    attempts: row.attempts,
    unfinished: row.unfinished,
  }))
}
