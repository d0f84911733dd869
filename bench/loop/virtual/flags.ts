import pg from 'pg'
import type { Clock } from 'sankofa/core'
import { defineFlag, type Flag, flagKind } from 'sankofa/flags'
import type { ChangeKind, Journal, Proof } from 'sankofa/journal'

export type KindOf = (parts: {
  readonly pool: pg.Pool
  readonly journal: Journal
  readonly clock: Clock
}) => ChangeKind<unknown>

export const flagNames = ['one', 'two', 'three'] as const

/** The new path writes an order with a note; the old path, which knows no notes, must still find it. */
const flags: readonly Flag[] = flagNames.map((id) =>
  defineFlag<pg.Client>({
    id,
    title: `Feature ${id}`,
    owner: 'ama',
    expires: '2099-12-31',
    proof: {
      async prepare(url) {
        const client = new pg.Client(url)
        await client.connect()
        await client.query('create table purchase (id int primary key, note text)')
        return client
      },
      newPath: (client) => client.query(`insert into purchase values (1, 'wrapped')`),
      async oldPath(client) {
        const found = await client.query('select purchase.id from purchase')
        if (found.rowCount !== 1) throw new Error('the old path does not find the order')
      },
      close: (client) => client.end(),
    },
  }),
)

/**
 * The real kind. A flag is proved once, on a server of its own, and that proof is carried from run to run: the code
 * under the flag does not change in between, and each proof takes a second.
 */
export function createFlagKind(): KindOf {
  const proofs = new Map<string, Promise<Proof>>()
  return (parts) => {
    const kind: ChangeKind<unknown> = flagKind({ ...parts, flags })
    return {
      ...kind,
      async prove(plan) {
        const name = JSON.stringify(plan)
        const proof = proofs.get(name) ?? kind.prove(plan)
        proofs.set(name, proof)
        // Virtual time goes on from run to run: the proof is as old as the run.
        return { ...(await proof), expiresAt: new Date(parts.clock.now() + 7 * 24 * 3_600_000).toISOString() }
      },
    }
  }
}
