import { onTestFinished, type TestDatabase } from '#harness'
import type { Clock } from '../../../core/index.ts'
import { createPool } from '../../../db/index.ts'
import { defineFlag, flagKind } from '../../../flags/index.ts'
import type { ChangeKind, Proof } from '../../../journal/index.ts'
import { virtualRollout } from '../../../rollout/simulate/index.ts'
import { createMachine } from '../../index.ts'
import { openConsole } from '../../testing/open-console.ts'
import { cutLine } from './cut-line.ts'

/** The real watcher, kind and journal on a real PostgreSQL, a console behind a line that can be cut, and one clock. */
export async function openEngineHouse(db: TestDatabase, changes: readonly string[]) {
  let goes = 0
  const flags = changes.map((id) => defineFlag({ id, title: id, owner: 'ama', expires: '2030-01-01' }))
  const rollout = await virtualRollout({
    pool: db.pool,
    // Salts of its own would make the draw, and with it the time, a matter of luck.
    watcher: { newSalt: () => String(++goes).padStart(32, '0') },
    kind: ({ pool, journal, clock }) => provedAtOnce(flagKind({ pool, journal, flags, clock }), clock),
  })
  const line = await cutLine(db.url)
  const pool = createPool({ url: line.url, max: 4, applicationName: 'console' })
  let laterMs = 0
  const clock: Clock = { now: () => rollout.clock.now() + laterMs, sleep: async () => {} }
  const { url, server, logged } = await openConsole(pool, { clock })
  onTestFinished(async () => {
    line.mend()
    await server.stop()
    await pool.end()
    await line.close()
  })
  const { token } = await createMachine(db.pool, 'cluster')
  return {
    rollout,
    line,
    url,
    logged,
    token,
    clock,
    /** Time goes on, and the rollout does not. */
    pass(ms: number): void {
      laterMs += ms
    },
  }
}

/** Proofs of flags have tests of their own; here the shape of one is enough. */
function provedAtOnce(kind: ChangeKind<unknown>, clock: Clock): ChangeKind<unknown> {
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
