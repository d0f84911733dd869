import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { type ReleaseId, systemClock } from '../core/index.ts'
import type { Proof } from '../journal/index.ts'
import type { FlagProof } from './flag.ts'
import { digestOf } from './flag-plan.ts'
import { proveFlag } from './prove-flag.ts'
import { aFlag, release } from './testing/fixtures.ts'

/** A till whose new path writes `currency` and `amount`; the old one reads `amount` as naira. */
const till = (newPath: string): FlagProof<pg.Client> => ({
  async prepare(url) {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('create table payment (amount bigint not null, note text)')
    return client
  },
  newPath: (client) => client.query(newPath),
  async oldPath(client) {
    const paid = await client.query<{ note: string | null }>('select payment.note from payment')
    if (paid.rows.length === 0) throw new Error('no payment was kept')
    for (const row of paid.rows) if (row.note !== null) throw new Error(`a note was not expected: ${row.note}`)
  },
  close: (client) => client.end(),
})
const prove = (proof: FlagProof<pg.Client> | undefined, stepWithinMs = 10_000): Promise<Proof> =>
  proveFlag(aFlag(proof === undefined ? {} : { proof }), { release, clock: systemClock, stepWithinMs })

describe('the proof of a flag', () => {
  test('holds when the old path passes on rows that the new path wrote, and says how long the undo took', async () => {
    const proof = await prove(till('insert into payment (amount) values (500)'))

    expect(proof).toMatchObject({ ok: true, base: 'release test-release', loss: 'kept', locks: [] })
    expect(proof.undoMs).toBeGreaterThan(0)
    expect(proof.undoMs).toBeLessThan(2_000)
    const days = (Date.parse(proof.expiresAt) - Date.now()) / 86_400_000
    expect(days).toBeCloseTo(7, 2)
  })

  test('fails when the old path cannot read what the new path wrote', async () => {
    const proof = await prove(till(`insert into payment (amount, note) values (500, 'USD')`))

    expect(proof).toMatchObject({ ok: false, reason: expect.stringContaining('a note was not expected: USD') })
  })

  test('is about the undo: a new path that throws is told, and the old path decides', async () => {
    const survives = await prove({
      ...till(''),
      newPath: async (client) => {
        await client.query('insert into payment (amount) values (500)')
        throw new Error('the new till is broken')
      },
    })
    const leavesNothing = await prove(till('insert into no_such_table values (1)'))

    expect(survives.ok).toBe(true)
    expect(survives.steps.join(' ')).toContain('the new till is broken')
    expect(leavesNothing).toMatchObject({ ok: false, reason: expect.stringContaining('no payment was kept') })
  })

  test('fails when the old path hangs, and closes the service even so', async () => {
    let closed = false
    const hanging: FlagProof<pg.Client> = {
      ...till('insert into payment (amount) values (500)'),
      oldPath: () => new Promise<never>(() => {}),
      close: async (client) => {
        await client.end()
        closed = true
      },
    }

    const proof = await prove(hanging, 300)

    expect(proof).toMatchObject({ ok: false, reason: expect.stringContaining('no answer within 0.3 s') })
    expect(closed).toBe(true)
  })

  test('fails when the service does not boot', async () => {
    const proof = await prove({ ...till(''), prepare: () => Promise.reject(new Error('port is taken')) })

    expect(proof).toMatchObject({ ok: false, reason: expect.stringContaining('port is taken') })
  })

  test('fails without a declaration, and says what to write', async () => {
    const proof = await prove(undefined)

    expect(proof).toMatchObject({ ok: false, reason: expect.stringMatching(/prepare\(url\).*newPath.*oldPath.*close/) })
  })
})

test('a proof is stale when a rule, a name, the proof itself or the release changes, but not when the title does', async () => {
  const proof = till('insert into payment (amount) values (500)')
  const flag = aFlag({ proof })
  const changed = [
    aFlag({ proof, rules: [{ when: { attribute: 'country', equals: 'NG' }, treat: 'off' }] }),
    aFlag({ proof, named: { on: ['ama'] } }),
    aFlag({ proof, otherwise: 'off' }),
    aFlag({ proof: { ...proof, oldPath: async () => {} } }),
  ]

  expect(new Set([flag, ...changed].map(digestOf)).size).toBe(5)
  expect(digestOf(aFlag({ proof, title: 'Another title' }))).toBe(digestOf(flag))
  const elsewhere = await proveFlag(aFlag(), { release: 'other' as ReleaseId, clock: systemClock })
  expect(elsewhere.base).toBe('release other')
})
