import type { ChangeId } from '../core/index.ts'

export const changeKinds = ['migration', 'flag', 'release', 'tunable'] as const
export type ChangeKindName = (typeof changeKinds)[number]

/** Evidence, made before a change goes live, that its undo works. */
export type Proof = {
  readonly ok: boolean
  /** Hash of what was proved: another digest makes the proof stale. */
  readonly digest: string
  /** What it was proved on: release, schema hash, PostgreSQL version. */
  readonly base: string
  /** ISO 8601; after it the proof is stale. */
  readonly expiresAt: string
  readonly loss: 'kept' | 'stashed' | 'lost'
  readonly undoMs: number
  /** Lock modes that the undo takes on live tables; empty for a flag. */
  readonly locks: readonly string[]
  /** What was done and seen, one sentence each, for a person. */
  readonly steps: readonly string[]
  /** Why it is not proved, when `ok` is false; a full sentence that says what to mend. */
  readonly reason?: string
}

/** What an undo did. */
export type Undone = { readonly tookMs: number; readonly summary: string }

/** What every kind of change must be able to do. */
export interface ChangeKind<Plan> {
  readonly kind: ChangeKindName
  /** Is there a concurrent control? `none`: the share is 0 or 1. */
  readonly control: 'subjects' | 'none'
  dependsOn(plan: Plan): readonly ChangeId[]
  /** Shows that the undo works, touching nothing live: digest, base, expiry, loss, time of the undo, locks. */
  prove(plan: Plan): Promise<Proof>
  /** The share that is really exposed, read from the world, not from the journal. */
  actual(id: ChangeId): Promise<number>
  /** Idempotent. `epoch` fences off a leader that has been replaced. */
  expose(id: ChangeId, plan: Plan, share: number, epoch: bigint): Promise<void>
  /** Takes all of it back. Idempotent, safe at any point after `prove`. */
  undo(id: ChangeId, plan: Plan, epoch: bigint): Promise<Undone>
  /** Gives the undo up: old path, old release or stash may go. */
  settle(id: ChangeId, plan: Plan, epoch: bigint): Promise<void>
}

/** What `prove` can read to know whether an earlier proof still holds, without proving again. */
export interface ProofDigest<Plan> {
  /** Digest and base as they are now; a stored proof with others is stale. */
  currentDigest(plan: Plan): Promise<{ readonly digest: string; readonly base: string }>
}

/** What a kind without a control may know: the routes that the change touches; the others are compared with. */
export interface TouchedRoutes<Plan> {
  touchedRoutes(plan: Plan): Promise<readonly string[]>
}

/** What a kind may say against its own undo, at the moment when it is asked for. */
export interface UndoObjection<Plan> {
  /** Why it would leave running code on something that it cannot use, and what to do; `undefined` when nothing speaks against it. */
  undoObjection(id: ChangeId, plan: Plan): Promise<string | undefined>
}
