import type pg from 'pg'
import type { Clock } from '../../core/index.ts'
import { defineFlag, type Flag, flagKind } from '../../flags/index.ts'
import type { ChangeKind, Proof } from '../../journal/index.ts'
import type { WorldOptions } from '../../judge/simulate/index.ts'
import type { WatcherOptions } from '../index.ts'
import { type VirtualRollout, virtualRollout } from '../simulate/index.ts'

export type { VirtualRollout } from '../simulate/index.ts'

/** A virtual rollout of real flags. */
export function flagRollout(options: {
  readonly pool: pg.Pool
  readonly changes: readonly string[]
  readonly world?: Partial<WorldOptions>
  readonly kind?: (kind: ChangeKind<unknown>) => ChangeKind<unknown>
  readonly watcher?: Partial<WatcherOptions>
}): Promise<VirtualRollout> {
  const { changes, kind: wrap = (kind) => kind, watcher, ...rest } = options
  let goes = 0
  // The draw of customers decides how long things take: with salts of its own a test would need luck.
  const newSalt = (): string => String(++goes).padStart(32, '0')
  const flags = changes.map(flagNamed)
  return virtualRollout({
    ...rest,
    watcher: { newSalt, ...watcher },
    kind: ({ pool, journal, clock }) => wrap(withProof(flagKind({ pool, journal, flags, clock }), clock)),
  })
}

const flagNamed = (id: string): Flag => defineFlag({ id, title: id, owner: 'ama', expires: '2030-01-01' })

/** Proofs of flags have tests of their own, on servers of their own; here the shape of one is enough. */
function withProof(kind: ChangeKind<unknown>, clock: Clock): ChangeKind<unknown> {
  const proof = (): Proof => ({
    ok: true,
    digest: 'proved',
    base: 'proved',
    expiresAt: new Date(clock.now() + 7 * 24 * 3_600_000).toISOString(),
    loss: 'kept',
    undoMs: 1,
    locks: [],
    steps: [],
  })
  const proved = { prove: async () => proof(), currentDigest: async () => ({ digest: 'proved', base: 'proved' }) }
  return { ...kind, ...proved }
}
