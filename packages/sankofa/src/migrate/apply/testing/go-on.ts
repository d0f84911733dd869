import type pg from 'pg'
import type { Clock } from '../../../core/index.ts'
import { openMigrator } from '../open-migrator.ts'
import { twentyGroups, twentySet } from './twenty.ts'

export type RunnerOrders = {
  readonly url: string
  readonly direction: 'up' | 'back'
  readonly passed: readonly string[]
  readonly inDoubt?: 'done' | 'again'
}

/** Does what is still to do in this direction. */
export async function goOn(
  pool: pg.Pool,
  clock: Clock,
  { direction, inDoubt }: Pick<RunnerOrders, 'direction' | 'inDoubt'>,
): Promise<void> {
  const migrator = openMigrator({ pool, set: twentySet, actor: 'ama', holder: 'to be killed', clock })
  const doubt = inDoubt === undefined ? {} : { inDoubt }
  if (direction === 'up') {
    await migrator.upAll(doubt)
    return
  }
  const [first] = twentyGroups
  const status = await migrator.status()
  if (first !== undefined && status.some(({ state }) => state !== 'pending')) {
    await migrator.back(first, { ...doubt, alsoLater: true })
  }
}
