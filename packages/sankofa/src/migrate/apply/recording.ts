import type { UnitFrame } from '../run/run-step.ts'
import { mustRunAlone } from '../sql/units.ts'
import { codeOf } from './attempts.ts'
import { isLost, stepFailed } from './failure.ts'
import type { Job } from './job.ts'
import { type Run, tellHistory } from './run.ts'
import { applyRemedy, lookAfter, lookBefore } from './world.ts'
import { announceRow, asOurselves, calmRow, progressRow } from './write-row.ts'

/** The frame that keeps a row true while its step runs. */
export type Recording = {
  readonly frame: UnitFrame
  /** The unit to go on with. */
  unit(): number
  /** To be told of every error. @returns `again`: the unit is to be tried in another way */
  failed(error: unknown): Promise<'again' | 'over'>
  /** After a failure, for people. */
  whatIsLeft(): string
}

/**
 * Records each unit in its own transaction. A unit that has none gets one where PostgreSQL allows it, so that it too is done
 * exactly once; the others are announced before and recorded after.
 */
export function recording(run: Run, job: Job): Recording {
  const { client } = run.session
  const { id, group } = job.migration
  let unit = job.firstUnit
  /** A transaction that this frame began. */
  let open = false
  /** The lone statement that is running, and what there was before it. */
  let lone: { readonly seen: string | undefined; readonly lockTimeout: string } | undefined
  let mayBeHalfDone = false
  // Those that turned out to refuse a transaction, such as a procedure that commits.
  const refused = new Set<number>()

  const statementOf = (number: number) => job.units[number]?.statements[0]
  const sharesNothing = (number: number): boolean => {
    const statement = statementOf(number)
    return job.step.kind === 'code' || refused.has(number) || (statement !== undefined && mustRunAlone(statement.node))
  }

  const announce = async (number: number): Promise<void> => {
    const statement = statementOf(number)
    const before = statement === undefined ? { remedy: [] } : await lookBefore(client, statement)
    await applyRemedy(client, before.remedy)
    const { rows } = await client.query<{ value: string }>(`select pg_catalog.current_setting('lock_timeout') as value`)
    await client.query(['begin', ...asOurselves, announceRow(id, number, before.seen), 'commit'].join(';'))
    lone = { seen: before.seen, lockTimeout: rows[0]?.value ?? '0' }
    mayBeHalfDone = true
    // What runs CONCURRENTLY waits for others without being in anybody's way: a short timeout would leave it half done.
    if (statement !== undefined && mustRunAlone(statement.node)) await client.query('set lock_timeout = 0')
  }
  const endLone = async (): Promise<void> => {
    if (lone === undefined) return
    await client.query(`select pg_catalog.set_config('lock_timeout', $1, false)`, [lone.lockTimeout])
    lone = undefined
  }
  const record = async (number: number, last: boolean): Promise<void> => {
    if (!last) {
      await client.query([...asOurselves, progressRow(id, number + 1)].join(';'))
      return
    }
    // The history's own names are looked up as on any connection, whatever the migration has set.
    await client.query(run.session.settings.join(';'))
    for (const sql of job.finish) await client.query(sql)
    if (job.tellsHistory) await tellHistory(run, job.direction, job.migration)
  }
  const begin = async (): Promise<void> => {
    await client.query('begin')
    open = true
  }

  /** A statement by itself has failed: clear away what it left, where that can be known. */
  const afterLone = async (error: unknown): Promise<void> => {
    const statement = statementOf(unit)
    const seen = lone?.seen ?? null
    if (isLost(error) || statement === undefined || refused.has(unit)) return
    await endLone()
    const { remedy } = await lookAfter(client, statement, seen)
    await applyRemedy(client, remedy)
    await client.query(['begin', ...asOurselves, calmRow(id), 'commit'].join(';'))
    mayBeHalfDone = false
  }

  const whatIsLeft = (): string => {
    const of = job.units.length
    const again = `"sankofa migrate ${job.direction === 'up' ? 'up' : 'back'} ${group}"`
    if (mayBeHalfDone) return 'It may be half done: "sankofa migrate status" tells how to go on.'
    if (unit === 0) return `Nothing of it was done: mend the cause and run ${again} again.`
    const other = job.direction === 'up' ? `, or "sankofa migrate back ${group}" to undo them` : ''
    return `${unit} of its ${of} parts are done: mend the cause and run ${again} to go on${other}.`
  }

  return {
    unit: () => unit,
    frame: {
      async begun(number) {
        unit = number
        if (job.units[number]?.transaction !== false) return
        await (sharesNothing(number) ? announce(number) : begin())
      },
      async ending(number, _client, last) {
        if (job.units[number]?.transaction !== false) return record(number, last)
        if (lone !== undefined) {
          await endLone()
          await begin()
        }
        await record(number, last)
        await client.query('commit')
        open = false
        mayBeHalfDone = false
        unit = number + 1
      },
    },
    async failed(error) {
      const wasOpen = open
      open = false
      if (wasOpen) await client.query('rollback').catch(() => {})
      if (lone !== undefined) {
        await afterLone(error).catch(() => {})
        // What cannot be undone by a rollback is not tried again unasked.
        throw stepFailed(error, { migration: id, direction: job.direction, left: whatIsLeft() })
      }
      if (!wasOpen || mayBeHalfDone || !refusesTransactions(error)) return 'over'
      refused.add(unit)
      return 'again'
    },
    whatIsLeft,
  }
}

/** Said by what commits by itself, or must not be in a transaction; nothing of it has happened then. */
const refusesTransactions = (error: unknown): boolean => ['25001', '2D000'].includes(codeOf(error))
