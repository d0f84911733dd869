import type { ChangeId } from '../core/index.ts'
import type { ChangeState } from '../journal/index.ts'

type States = ReadonlyMap<ChangeId, ChangeState>

export const isOut = (state: ChangeState): boolean => state.state === 'exposed' || state.state === 'bake'

/** A migration that the evidence speaks against and that a person must take back, or keep. */
export const needsAnswer = (states: States): ChangeState | undefined =>
  [...states.values()].find((state) => state.kind === 'migration' && isOut(state) && state.held?.cause === 'undo')

/** Every change that stands on `change`, directly or through others: those that stand on nothing else of them first. */
function dependentsOf(states: States, change: ChangeId): readonly ChangeState[] {
  const order: ChangeState[] = []
  const seen = new Set<ChangeId>([change])
  const visit = (base: ChangeId): void => {
    for (const state of states.values()) {
      if (!state.dependsOn.includes(base) || seen.has(state.change)) continue
      seen.add(state.change)
      visit(state.change)
      order.push(state)
    }
  }
  visit(change)
  return order
}

/** What is out and must be taken back before `change` can be, in the order in which it must go. */
export const outDependents = (states: States, change: ChangeId): readonly ChangeState[] =>
  dependentsOf(states, change).filter(isOut)

/**
 * Why `change` may not be taken back: it would leave running code on something that is gone.
 *
 * @returns a sentence that says what to do, or `undefined`
 */
export function undoBlockedBy(states: States, change: ChangeId): string | undefined {
  const stuck = dependentsOf(states, change).filter(
    (state) => state.state === 'settled' || state.inFlight?.act === 'settle',
  )
  if (stuck.length === 0) return undefined
  const names = stuck.map((state) => state.change).join(', ')
  return (
    `${names} ${stuck.length === 1 ? 'stands' : 'stand'} on ${change} and ${stuck.length === 1 ? 'is' : 'are'} settled: without ${change} ` +
    `it would run on something that is gone. Propose a new change that does without ${change}, let it settle, then take ${change} back.`
  )
}

/** Why `state` cannot start: something that it stands on is not out. */
export function startBlockedBy(states: States, state: ChangeState): string | undefined {
  for (const base of state.dependsOn) {
    const found = states.get(base)
    if (found === undefined)
      return `It stands on ${base}, which was never asked to go out. Run "sankofa go ${base}", wait until everybody has it, then try again.`
    // Less than whole means that some subjects would meet this change without its base.
    const whole = found.state === 'settled' || found.state === 'bake' || (isOut(found) && found.share === 1)
    if (!whole || found.inFlight?.act === 'undo') {
      return `It stands on ${base}, which is ${found.state}${isOut(found) ? ` at ${Math.round(found.share * 100)} %` : ''}. Run "sankofa go ${base}", wait until everybody has it, then try again.`
    }
  }
  return undefined
}
