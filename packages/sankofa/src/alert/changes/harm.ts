import type pg from 'pg'
import { type Unfinished, unfinishedAttempts } from '../../events/index.ts'
import type { NamedAttempt } from '../settings.ts'
import { type Case, undoingOf } from './case.ts'

/** Who was harmed by a change, as far as it is known. */
export type Harm =
  | { readonly kind: 'attempts'; readonly attempt: NamedAttempt; readonly figures: Unfinished; readonly from: Date }
  | { readonly kind: 'requests'; readonly slow: boolean; readonly customers: number; readonly from: Date }

// Other processes learn of an undo within 2 s, and what they had begun may take 10 s.
const stillExposedMs = 12_000

/** When the figures of a change that was taken back no longer move. */
export const figuresFinalAt = (undoneAt: Date): Date => new Date(undoneAt.getTime() + stillExposedMs + 10_000)

/**
 * Counts, from the events, the customers who began something while exposed and could not finish it. Someone always gives
 * up or lacks the money, so it counts as harm only where the judge named that very attempt, or where exposed customers
 * did clearly worse than all others at the same time.
 */
export async function harmOf(
  pool: pg.Pool,
  found: Case,
  attempts: readonly NamedAttempt[],
  now: Date,
): Promise<Harm | undefined> {
  const exposedAt = found.state.go?.begun[0]?.at
  if (exposedAt === undefined) return undefined
  const undoing = undoingOf(found)
  const until = undoing?.done === undefined ? now : new Date(undoing.done.at.getTime() + stillExposedMs)
  const leading = found.state.go?.guards.find((guard) => guard.id === undoing?.reading?.leading)
  const harms: (Harm & { readonly kind: 'attempts' })[] = []
  for (const attempt of attempts) {
    const range = { from: exposedAt, to: until }
    const figures = await unfinishedAttempts(pool, attempt, { ...range, exposedTo: found.state.change })
    if (figures.couldNot === 0) continue
    const named = undoing?.cause === 'judge' && leading?.measure === 'business' && leading.attempt === attempt.name
    const others = named
      ? undefined
      : await unfinishedAttempts(pool, attempt, { ...range, notExposedTo: found.state.change })
    if (others !== undefined && !clearlyWorse(figures, others)) continue
    harms.push({ kind: 'attempts', attempt, figures, from: figures.firstAt ?? exposedAt })
  }
  const [worst] = harms.sort((one, other) => other.figures.couldNot - one.figures.couldNot)
  if (worst !== undefined) return worst
  const customers = undoing?.done?.subjectsHarmed ?? undoing?.reading?.subjectsHarmed ?? 0
  if (undoing?.cause !== 'judge' || customers === 0) return undefined
  return { kind: 'requests', slow: leading?.measure === 'latency', customers, from: exposedAt }
}

/** At least two, and at least twice the share of the others. */
function clearlyWorse(exposed: Unfinished, others: Unfinished): boolean {
  const share = (figures: Unfinished): number => (figures.attempted === 0 ? 0 : figures.couldNot / figures.attempted)
  return exposed.couldNot >= 2 && share(exposed) >= 2 * share(others)
}
