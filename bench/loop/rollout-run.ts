import { setTimeout as delay } from 'node:timers/promises'
import { changeId } from 'sankofa/core'
import { unfinishedAttempts } from 'sankofa/events'
import { type ChangeState, foldAll, type Journal, openJournal, propose, requestBack, requestGo } from 'sankofa/journal'
import type { Shop } from './shop.ts'

/** What happened to one fault and the decoys that went out with it. */
export type RunResult = {
  readonly fault: string
  readonly decoys: readonly string[]
  readonly undone: boolean
  readonly culpritRight: boolean
  readonly decoysUndone: readonly string[]
  /** From `go` (the record `started`) to the undo being done. */
  readonly seconds: number | undefined
  /** Customers who began a checkout while exposed to the fault and could not finish it, from the business events. */
  readonly customersHarmed: number | undefined
  readonly guard: string | undefined
  /** Why the loop itself took longer or stopped, when it did. */
  readonly note: string | undefined
}

const actor = 'bench'

/**
 * Lets `fault` and `decoys` go out at the same time on the running shop, waits for what the watcher does, and takes the
 * decoys back.
 *
 * @param given.limitMs - how long the fault may stay out before the run counts as "not undone"
 */
export async function runOnce(
  shop: Shop,
  given: { readonly fault: string; readonly decoys: readonly string[]; readonly limitMs: number },
): Promise<RunResult> {
  const journal = openJournal(shop.pool)
  const changes = [given.fault, ...given.decoys]
  const before = (await journal.read()).at(-1)?.id ?? 0n
  // The fault comes last: the decoys must be out when it is.
  for (const decoy of given.decoys) await letGo(journal, decoy)
  await untilState(journal, given.decoys, ['exposed', 'bake', 'undone', 'settled'])
  await letGo(journal, given.fault)
  const deadline = Date.now() + given.limitMs
  let states = await statesOf(journal)
  while (Date.now() < deadline) {
    states = await statesOf(journal)
    const fault = states.get(changeId(given.fault))
    // Held is not the end: a held change is watched on, and goes back when the evidence is there.
    if (fault?.state === 'undone' || fault?.state === 'refused') break
    await delay(500)
  }
  const fault = states.get(changeId(given.fault))
  const records = await journal.read({ afterId: before })
  const decoysUndone = given.decoys.filter((decoy) =>
    records.some((record) => record.change === decoy && record.type === 'undoing'),
  )
  for (const change of changes) {
    const state = states.get(changeId(change))
    if (state?.state === 'exposed' || state?.state === 'bake')
      await requestBack(journal, { change, actor, reason: 'the run is over' })
  }
  await untilState(journal, changes, ['undone', 'settled', 'refused'])

  const undone = fault?.state === 'undone' && fault.undoneBecause?.cause !== 'person'
  const startedAt = fault?.go?.startedAt
  const undoneAt = undone ? fault.undoneBecause?.at : undefined
  const until = undoneAt ?? new Date()
  const harmed =
    startedAt === undefined
      ? undefined
      : await unfinishedAttempts(
          shop.pool,
          { attempted: 'checkout.attempted', completed: 'order.paid' },
          { from: startedAt, to: until, exposedTo: given.fault },
        )
  return {
    fault: given.fault,
    decoys: given.decoys,
    undone,
    culpritRight: undone && decoysUndone.length === 0,
    decoysUndone,
    seconds:
      startedAt === undefined || undoneAt === undefined ? undefined : (undoneAt.getTime() - startedAt.getTime()) / 1000,
    customersHarmed: harmed?.couldNot,
    guard: fault?.undoneBecause?.reading?.leading,
    note: fault?.held?.reason ?? fault?.refusal?.reason,
  }
}

async function letGo(journal: Journal, change: string): Promise<void> {
  await propose(journal, {
    change,
    actor,
    kind: 'flag',
    title: change,
    plan: { flag: change },
    control: 'subjects',
    dependsOn: [],
    size: { unit: 'flag', n: 1 },
  })
  await requestGo(journal, { change, actor })
}

const statesOf = async (journal: Journal): Promise<ReadonlyMap<string, ChangeState>> => foldAll(await journal.read())

async function untilState(
  journal: Journal,
  changes: readonly string[],
  wanted: readonly ChangeState['state'][],
): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    const states = await statesOf(journal)
    if (changes.every((change) => wanted.some((state) => states.get(change)?.state === state))) return
    await delay(500)
  }
  throw new Error(`Not all of ${changes.join(', ')} became ${wanted.join(' or ')} within two minutes.`)
}
