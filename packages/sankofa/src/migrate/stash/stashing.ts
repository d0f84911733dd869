import { SankofaError } from '../../core/index.ts'
import type { StepClient } from '../migration.ts'
import type { StepWatcher, UnitFrame } from '../run/run-step.ts'
import { asOurselves } from './as-ourselves.ts'
import { checkBudget } from './budget.ts'
import { type Captured, capture, enterInstant, openInstant } from './capture.ts'
import { closeInstant } from './come-back.ts'
import { type Instants, instants } from './instants.ts'
import { type KeptRows, keepAll, keepLossy } from './keep-lossy.ts'
import { type Instant, stashTable } from './kept.ts'
import { isCopied, liveStashes, readied } from './live-stashes.ts'
import { materialise } from './materialise.ts'
import { type Mender, mendStatements } from './mend.ts'
import { noteWritten } from './note-written.ts'
import { putBack } from './put-back.ts'
import { type Entry, lastRun } from './registry.ts'
import { rehearse } from './rehearse.ts'
import type { Keep, RestoredTable, StashPlan, StashReport } from './stash-plan.ts'
import { ensureStashSchema } from './stash-schema.ts'
import { takeLocks } from './take-locks.ts'
import { withExactText } from './text-form.ts'
import { unforeseen, type Watch, watchTables } from './unforeseen.ts'
import { fullName, readWorld } from './world.ts'

export type StashingOptions = {
  /** Id of the migration, not of its group: each step gives back what its own opposite took. */
  readonly migration: string
  readonly direction: 'up' | 'undo'
  readonly plan: StashPlan
  readonly budgetBytes: number
  /** 14 unless told. */
  readonly expiresInDays?: number
  readonly now: Date
  /** Tables that others write in the same transaction, such as a tool's history: `schema.table`. */
  readonly ignore?: readonly string[]
  /** A person accepts what `plan.refuse` names, and that a stash that is gone gives nothing back. */
  readonly acceptLoss?: boolean
}

const dayMs = 24 * 60 * 60 * 1_000

/**
 * Stands around a step: keeps what it destroys, and gives back what the opposite step of the same migration had
 * destroyed. Where the step is one transaction, all of it happens in that transaction.
 *
 * In `together` it comes after whoever keeps books in the same transaction, so that it ends before them.
 *
 * @throws SankofaError `STASH_REFUSED`, `STASH_OVER_BUDGET`, `STASH_GONE`, `STASH_TAMPERED` before anything is changed;
 *   `STASH_INCOMPLETE` from the end of the step, whose transaction then rolls back
 */
export function stashing(options: StashingOptions): {
  readonly watcher: StepWatcher
  readonly frame: Pick<UnitFrame, 'begun' | 'ending'>
  report(): StashReport
} {
  const { migration, direction, plan, now } = options
  const ours = asOurselves(plan.settings)
  const captured: Captured[] = []
  const kept: KeptRows[] = []
  const restored: RestoredTable[] = []
  const going: Going[] = []
  let live: readonly Entry[] | undefined
  let replacing: Instants = instants([], [], ours)
  let mender: Mender | undefined
  let watch: Watch | undefined
  let run: bigint | undefined

  /**
   * Where a lock did not come, the same transaction is tried again, and what the try before had done was rolled back with
   * it. What earlier transactions have committed is in the registry.
   */
  function forget(): void {
    for (const list of [captured, kept, restored, going]) list.length = 0
    replacing = instants([], [], ours)
    live = undefined
    watch = undefined
    run = undefined
    // It owes what an earlier transaction has left open.
    if (plan.oneTransaction) mender = undefined
  }

  async function begin(client: StepClient): Promise<void> {
    if (plan.refuse !== undefined && options.acceptLoss !== true) {
      throw new SankofaError('STASH_REFUSED', { migration, reason: plan.refuse })
    }
    checkBudget(options, plan.keeps)
    if (!plan.oneTransaction) {
      // Also a run that was interrupted goes on with what it had copied.
      for (const { id, kept, state } of await lastRun(client, migration, direction)) {
        if (state !== 'capturing') continue
        run ??= id
        captured.push({ id, kept, rows: 0, bytes: 0 })
      }
    }
    live = await readied(client, plan, await liveStashes(client, options))
    const unnoted = live.filter(({ kept }) => kept.rehearsed === 'no' && kept.noted !== true)
    if (unnoted.length > 0) {
      await withExactText(client, async () => {
        for (const entry of unnoted) await noteWritten(client, entry)
      })
    }
    mender ??= mendStatements(
      live.filter(isCopied).map((entry) => ({ kept: entry.kept, source: stashTable(entry.id) })),
      ours,
    )
    if (plan.keeps.length > 0) await ensureStashSchema(client)
  }

  async function captureBefore(client: StepClient, keeps: readonly Keep[]): Promise<void> {
    const world = await readWorld(client)
    const expiresAt = new Date(now.getTime() + (options.expiresInDays ?? 14) * dayMs)
    await withExactText(client, async () => {
      for (const keep of keeps) {
        const entry = { run, migration, direction, now, expiresAt }
        const instant = await enterInstant(client, world, keep, entry)
        if (instant !== undefined) {
          run ??= instant.id
          going.push({ ...instant, rows: keep.rows })
          continue
        }
        const one = await capture(client, world, keep, entry)
        if (one === undefined) continue
        run ??= one.id
        captured.push(one)
        checkBudget(
          options,
          captured.map(({ kept: { schema, name }, bytes }) => ({ table: { schema, name }, bytes })),
        )
      }
    })
  }

  async function finish(client: StepClient): Promise<void> {
    for (const list of [kept, restored]) list.length = 0
    const mine = await comeBack(client)
    if (mine.length > 0) {
      await withExactText(client, async (stamps) => {
        restored.push(...(await putBack(client, mine, stamps)))
      })
    }
    await mender?.finish(client)
    for (const one of going) kept.push(await openInstant(client, one, one.rows))
    if (captured.length === 0) return
    const lossy =
      plan.rehearsal === undefined ? undefined : await rehearse(client, captured, plan.rehearsal, going, plan.settings)
    if (lossy !== undefined && !('failed' in lossy)) {
      for (const one of lossy) push(kept, await keepLossy(client, one))
      return
    }
    const world = await readWorld(client)
    await withExactText(client, async () => {
      for (const one of captured) push(kept, await keepAll(client, one, world, lossy !== undefined))
    })
  }

  async function beginWhole(client: StepClient): Promise<void> {
    forget()
    await takeLocks(client, plan.locks.units[0] ?? [])
    await begin(client)
    if (!plan.harmless) watch = await watchTables(client)
    await captureBefore(client, plan.keeps)
    replacing = instants(
      going,
      (live ?? []).filter((each) => !isCopied(each)),
      ours,
    )
  }

  async function beginUnit(unit: number, client: StepClient): Promise<void> {
    await takeLocks(client, plan.locks.units[unit] ?? [])
    forget()
    await begin(client)
    const copied = new Set(captured.map(({ kept: { schema, name } }) => fullName({ schema, name })))
    const keeps = plan.keeps.filter((keep) => keep.unit === unit && !copied.has(fullName(keep.table)))
    if (keeps.length > 0) await captureBefore(client, keeps)
  }

  async function refuseUnforeseen(client: StepClient): Promise<void> {
    if (watch === undefined) return
    const found = await unforeseen(client, watch, plan, options.ignore ?? [], filledTables())
    const missed = replacing.pending().filter(({ id }) => going.some((each) => each.id === id))
    if (missed.length > 0) {
      const all = missed.map(({ kept }) => `${fullName(kept)} was not dropped by the statement that says so`)
      throw new SankofaError('STASH_INCOMPLETE', { migration, found: all })
    }
    if (found.length > 0 && options.acceptLoss !== true)
      throw new SankofaError('STASH_INCOMPLETE', { migration, found })
  }

  const filledTables = (): ReadonlySet<string> => {
    const hidden = (live ?? []).filter((each) => !isCopied(each)).map(({ kept: { oid } }) => oid)
    return new Set([...(mender?.filled ?? []), ...hidden])
  }

  /** @returns what has to be put back from copies */
  async function comeBack(client: StepClient): Promise<readonly Entry[]> {
    const copies = [...(live ?? []).filter(isCopied)]
    const pending = new Set(replacing.pending().map(({ id }) => id))
    for (const entry of (live ?? []).filter((each) => !isCopied(each))) {
      if (pending.has(entry.id)) {
        const copy = await materialise(client, entry, false)
        if (copy !== undefined) copies.push({ ...entry, kept: copy })
      } else restored.push(await closeInstant(client, entry, replacing.refilled.get(entry.id)))
    }
    return copies
  }

  return {
    watcher: {
      // What a module sends cannot be replaced.
      async before({ sql, line }, client) {
        if (line === undefined) return undefined
        const instead = await replacing.before(sql, client)
        if (instead === undefined) return mender?.before(sql)
        const all: string[] = []
        for (const each of instead) all.push(...((await mender?.before(each)) ?? [each]))
        return all
      },
      async after({ sql }, client) {
        await replacing.after(sql, client)
        await mender?.after(sql, client)
      },
    },
    frame: {
      async begun(unit, client) {
        if (plan.oneTransaction) {
          await ours(client, () => beginWhole(client))
          return
        }
        await inOwnTransaction(client, () => ours(client, () => beginUnit(unit, client)))
      },
      async ending(_unit, client, last) {
        if (plan.oneTransaction) {
          await ours(client, async () => {
            await refuseUnforeseen(client)
            if (last) await finish(client)
          })
        } else if (last) {
          await inOwnTransaction(client, () =>
            ours(client, async () => {
              await takeLocks(client, plan.locks.trial)
              await finish(client)
            }),
          )
        }
      },
    },
    report: () => ({ kept, restored }),
  }
}

type Going = Instant & { readonly rows: number }

const push = (list: KeptRows[], one: KeptRows | undefined): void => {
  if (one !== undefined) list.push(one)
}

/** A unit that has a transaction of its own is used; outside of one, one is made. */
async function inOwnTransaction(client: StepClient, work: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ open: boolean }>(
    // Outside a transaction block each statement has a transaction of its own, which begins with it.
    'select transaction_timestamp() <> statement_timestamp() as open',
  )
  if (rows[0]?.open === true) return work()
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
