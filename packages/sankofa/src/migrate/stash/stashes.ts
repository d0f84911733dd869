import type { StepClient } from '../migration.ts'

/** One table's stash, as `sankofa migrate stash` lists it. */
export type Stash = {
  readonly id: bigint
  readonly migration: string
  readonly direction: 'up' | 'undo'
  readonly table: string
  readonly rows: bigint
  readonly bytes: bigint
  readonly state: 'capturing' | 'open' | 'restored' | 'dropped' | 'settled'
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly erased: bigint
}

/** Newest first. */
export async function listStashes(_client: StepClient): Promise<readonly Stash[]> {
  return []
}

/** Deletes what one stash holds. What it kept cannot be given back any more. */
export async function dropStash(_client: StepClient, _id: bigint): Promise<void> {}

/** Deletes what has been kept for long enough. @returns what was deleted */
export async function expireStashes(_client: StepClient, _now: Date): Promise<readonly Stash[]> {
  return []
}

/** The migration's undo is given up: everything kept for it goes. */
export async function settleStash(_client: StepClient, _migration: string): Promise<void> {}
