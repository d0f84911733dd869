import semver from 'semver'

export type Peers = Readonly<Record<string, string>>

export type Updatable = {
  readonly name: string
  readonly from: string
  readonly to: string
  /** What the installed version asks of others, and what the new one asks. */
  readonly peersBefore: Peers
  readonly peersAfter: Peers
}

/**
 * Puts together what cannot go one by one: where the new version of one needs a peer that is not installed yet, or the
 * installed version of one would not take the new version of another, as with `react` and `react-dom`.
 */
export function groupPeers<T extends Updatable>(updates: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = []
  for (const one of updates) {
    const tied = groups.filter((group) => group.some((other) => isTied(one, other) || isTied(other, one)))
    const merged = [...tied.flat(), one]
    for (const group of tied) groups.splice(groups.indexOf(group), 1)
    groups.push(merged)
  }
  // As they came, so that the order of the caller stays: the first of a group counts.
  const place = (group: readonly T[]): number => Math.min(...group.map((one) => updates.indexOf(one)))
  return groups
    .map((group) => group.toSorted((a, b) => updates.indexOf(a) - updates.indexOf(b)))
    .sort((one, other) => place(one) - place(other))
}

function isTied(peer: Updatable, user: Updatable): boolean {
  const after = user.peersAfter[peer.name]
  if (after !== undefined && !semver.satisfies(peer.from, after)) return true
  const before = user.peersBefore[peer.name]
  return before !== undefined && !semver.satisfies(peer.to, before)
}
