import { createHash } from 'node:crypto'
import type pg from 'pg'
import { changeId } from 'sankofa/core'
import { type ChangeState, requestBack } from 'sankofa/journal'
import { createRandom, type Effect, effects } from 'sankofa/judge/simulate'
import { startOfTime, type VirtualRollout, virtualRollout } from 'sankofa/rollout/simulate'
import { flagNames, type KindOf } from './flags.ts'

/** The faults of the running shop, and one more: errors that grow tenfold on every route. */
export const faults = {
  'broken checkout': effects.brokenCheckout,
  'bad checkout': effects.badCheckout,
  hang: effects.hangs,
  'errors tenfold': effects.errorsTenfold,
} as const satisfies Record<string, Effect>
export type FaultName = keyof typeof faults

export type VirtualRun = {
  readonly seed: number
  readonly fault: FaultName | undefined
  /** Changes that were undone, by flag. */
  readonly undone: readonly string[]
  readonly culpritRight: boolean
  readonly decoysUndone: number
  /** From the start of the faulty change to its undo. */
  readonly seconds: number | undefined
  /** Distinct customers who met a failure that the fault caused, until 3 s after the verdict. */
  readonly harmed: number | undefined
  readonly guard: string | undefined
  /** What should not have happened. */
  readonly wrong: string | undefined
}

const windowS = 10
/** The slowest fault is found in 20 min; a harmless change is at its last stage in 17. */
const limitS = 60 * 60

export async function virtualRun(options: {
  readonly pool: pg.Pool
  readonly kind: KindOf
  readonly number: number
  readonly seed: number
  readonly faulty: boolean
}): Promise<VirtualRun> {
  const { pool, seed } = options
  const random = createRandom(seed)
  const names = Object.keys(faults) as readonly FaultName[]
  const fault = options.faulty ? names[Math.floor(random.uniform() * names.length)] : undefined
  const culprit = flagNames[Math.floor(random.uniform() * flagNames.length)] ?? flagNames[0]
  // Within the first two minutes, so that the stages of the three overlap.
  const startsAt = flagNames.map(() => Math.floor(random.uniform() * 12))
  let salts = 0
  const rollout = await virtualRollout({
    pool,
    kind: options.kind,
    world: { seed, customers: 2_000, requestsPerSecond: 50 },
    watcher: {
      limits: { driftCheckMs: 60_000 },
      newSalt: () => createHash('sha256').update(`${seed} ${salts++}`).digest('hex').slice(0, 32),
    },
    startMs: startOfTime + options.number * 2 * limitS * 1_000,
  })
  const idOf = (flag: string): string => `run-${options.number}-${flag}`
  if (fault !== undefined) rollout.measurement.settings.effects.set(idOf(culprit), faults[fault])

  const isOver = (state: ChangeState | undefined): boolean => state?.state === 'undone' || state?.state === 'settled'
  const statesNow = async (): Promise<readonly { flag: string; state: ChangeState | undefined }[]> => {
    const all = await rollout.states()
    return flagNames.map((flag) => ({ flag, state: all.get(changeId(idOf(flag))) }))
  }
  for (let window = 0; window < limitS / windowS; window++) {
    for (const [index, flag] of flagNames.entries()) {
      if (startsAt[index] === window) await rollout.go(idOf(flag), { flag, bakeMs: 60_000 })
    }
    await rollout.step()
    if ((await statesNow()).every(({ state }) => isOver(state))) break
  }

  const states = await statesNow()
  const undone = states.filter(({ state }) => state?.state === 'undone').map(({ flag }) => flag)
  const guilty = states.find(({ flag }) => flag === culprit)?.state
  const decoysUndone = undone.filter((flag) => fault === undefined || flag !== culprit).length
  const culpritRight = fault !== undefined && guilty?.undoneBecause?.cause === 'judge'
  const shares = await Promise.all(
    flagNames.map(async (flag) => ({ flag, share: await rollout.kind.actual(changeId(idOf(flag))) })),
  )
  await clear(
    pool,
    rollout,
    states.filter(({ state }) => !isOver(state)).map(({ flag }) => idOf(flag)),
  )
  const seconds =
    guilty?.undoneBecause === undefined || guilty.go === undefined
      ? undefined
      : (guilty.undoneBecause.at.getTime() - guilty.go.startedAt.getTime()) / 1_000
  return {
    seed,
    fault,
    undone,
    culpritRight,
    decoysUndone,
    seconds: fault === undefined ? undefined : seconds,
    harmed: fault === undefined ? undefined : rollout.measurement.truth(idOf(culprit)).harmed,
    guard: guilty?.undoneBecause?.reading?.leading,
    wrong: whatIsWrong(),
  }

  function whatIsWrong(): string | undefined {
    if (fault !== undefined && !culpritRight)
      return `${fault} was not undone: ${guilty?.state} at stage ${guilty?.stage}`
    if (decoysUndone > 0)
      return `harmless changes were undone: ${undone.filter((flag) => flag !== culprit).join(', ') || culprit}`
    const open = states.filter(({ state }) => !isOver(state))
    if (open.length > 0) {
      return `not over after ${limitS} s: ${open.map(({ flag, state }) => `${flag} ${state?.state} at stage ${state?.stage}${state?.held === undefined ? '' : `, held: ${state.held.reason}`}`).join(', ')}`
    }
    const differs = shares.filter(
      ({ flag, share }) => share !== states.find((each) => each.flag === flag)?.state?.share,
    )
    return differs.length > 0 ? `the world differs from the journal: ${JSON.stringify(differs)}` : undefined
  }
}

/** Makes room for the next run: what did not end by itself is taken back, and the flags are as new. */
async function clear(pool: pg.Pool, rollout: VirtualRollout, open: readonly string[]): Promise<void> {
  for (const change of open) await requestBack(rollout.journal, { change, actor: 'bench', reason: 'the run is over' })
  await rollout.watcher.tick(rollout.epoch)
  await pool.query('delete from sankofa.flag')
  await pool.query('update sankofa.lease set expires_at = $1', ['-infinity'])
}
