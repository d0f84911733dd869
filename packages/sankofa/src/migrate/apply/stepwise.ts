import { runStep } from '../run/run-step.ts'
import { together } from '../run/together.ts'
import { isAboutLocks, untilUnblocked } from './attempts.ts'
import { stepFailed } from './failure.ts'
import type { Job } from './job.ts'
import { recording } from './recording.ts'
import type { Run } from './run.ts'
import { settingsBefore } from './settings-before.ts'

/**
 * Runs a step so that its record and the world never disagree: a unit and its progress are one transaction. What PostgreSQL
 * runs in none is announced before and recorded after, so that the next run knows where to look.
 *
 * @throws SankofaError `MIGRATION_BLOCKED`, `MIGRATION_FAILED`; units before the failed one are done and recorded
 */
export async function runStepwise(run: Run, job: Job): Promise<void> {
  const { client, pid, baseline } = run.session
  await client.query(baseline.join(';'))
  for (const sql of settingsBefore(job.units, job.firstUnit)) await client.query(sql)
  const own = recording(run, job)
  const attempt = async (): Promise<void> => {
    const from = own.unit()
    const { watcher, frame } = together({ frame: { firstUnit: from } }, job.companion ?? {}, { frame: own.frame })
    try {
      await runStep(job.client ?? client, job.step, watcher, frame)
    } catch (error) {
      const next = await own.failed(error)
      // Parts before it have been committed, so this is a new wait for locks.
      if (next === 'again' || (isAboutLocks(error) && own.unit() > from)) return attempt()
      throw error
    }
  }
  try {
    await untilUnblocked(run.options, { pid, migration: job.migration.id }, attempt)
  } catch (error) {
    throw stepFailed(error, { migration: job.migration.id, direction: job.direction, left: own.whatIsLeft() })
  }
}
