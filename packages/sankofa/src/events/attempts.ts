import type pg from 'pg'
import sql, { empty, type Sql } from 'sql-template-tag'

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
    with ${followed(types, filter.from, filter.to)},
    counted as (
      select attempt.*
        from attempt
       where true
         ${filter.exposedTo === undefined ? empty : sql`and attempt.exposed_to @> array[${filter.exposedTo}::text]`}
         ${filter.notExposedTo === undefined ? empty : sql`and not attempt.exposed_to @> array[${filter.notExposedTo}::text]`}
    ), unfinished as (
      select distinct on (counted.subject, coalesce(counted.reference, ''))
             counted.at, counted.subject, counted.amount, counted.currency
        from counted
       where counted.done_at is null
       order by counted.subject, coalesce(counted.reference, ''), counted.id desc
    ), summed as (
      select unfinished.currency, sum(unfinished.amount)::text as amount
        from unfinished
       where unfinished.amount is not null
         and unfinished.currency is not null
       group by unfinished.currency
    )
    select (select count(distinct counted.subject) from counted)::int as attempted,
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
    with ${followed(types, new Date(range.fromMs), new Date(range.toMs))}
    select floor((extract(epoch from attempt.at) * 1000 - ${range.fromMs}::bigint) / ${range.stepMs}::bigint)::int as step,
           count(*)::int as attempts,
           count(*) filter (
             where attempt.done_at is null
                or attempt.done_at > attempt.at + ${attemptLimitMs}::int * interval '1 millisecond')::int as unfinished
      from attempt
     where attempt.at < ${new Date(range.toMs)}::timestamptz
       ${
         once === undefined
           ? empty
           : sql`and attempt.subject in (
                   select exposed.subject
                     from sankofa.event as exposed
                    where exposed.type = ${types.attempted}::text
                      and exposed.at >= ${once.since}::timestamptz
                      and exposed.exposed_to @> array[${once.change}::text])`
       }
     group by 1
     order by 1`)
  return rows.map((row) => ({
    startMs: range.fromMs + row.step * range.stepMs,
    attempts: row.attempts,
    unfinished: row.unfinished,
  }))
}

/**
 * `attempt`: what was begun between `from` and `to`, with the moment of the first completion after it, up to 10 s after
 * `to`. Windows over one sorted read: joining attempts to completions took seconds wherever the planner had no statistics.
 */
const followed = (types: AttemptTypes, from: Date, to: Date): Sql => {
  const later = sql`order by event.at desc, event.id desc rows between unbounded preceding and current row`
  const isDone = sql`event.type = ${types.completed}::text`
  return sql`
    piece as (
      select event.*,
             min(event.at) filter (where ${isDone}) over (partition by event.subject, event.reference ${later}) as same_at,
             min(event.at) filter (where ${isDone}) over (partition by event.subject ${later}) as any_at,
             min(event.at) filter (where ${isDone} and event.reference is null)
               over (partition by event.subject ${later}) as unnamed_at
        from sankofa.event as event
       where event.type in (${types.attempted}::text, ${types.completed}::text)
         and event.at >= ${from}::timestamptz
         and event.at <= ${to}::timestamptz + ${attemptLimitMs}::int * interval '1 millisecond'
    ), attempt as (
      select piece.*,
             case when piece.reference is null then piece.any_at else least(piece.same_at, piece.unnamed_at) end as done_at
        from piece
       where piece.type = ${types.attempted}::text
         and piece.at <= ${to}::timestamptz
    )`
}
