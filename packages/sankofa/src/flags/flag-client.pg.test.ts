import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { asAdmin, describe, expect, type TestDatabase, test, vi } from '#harness'
import { changeId } from '../core/index.ts'
import { inTransaction } from '../db/index.ts'
import { createFlagClient, type FlagClient } from './flag-client.ts'
import { type FlagExposure, writeBack, writeExposure } from './flag-row.ts'
import { backLocal, forgetLocal, journalledLocal, localOverrides } from './local-back.ts'
import { aFlag, lead, recordLog, startRollout, subjects, withClient, withFolder } from './testing/fixtures.ts'
import { defineTunable } from './tunable.ts'
import { writeTunable } from './tunable-row.ts'

const flag = aFlag({ named: { on: ['tester'] } })
const change = changeId('new-checkout')
const never = 3_600_000

const expose = (db: TestDatabase, share: number, more: Partial<FlagExposure> = {}): Promise<void> =>
  inTransaction(db.pool, (client) =>
    writeExposure(client, flag.id, change, { goId: 1n, salt: 's', stage: 1, share, shareBefore: 0, ...more }, 1n),
  )
const back = (db: TestDatabase): Promise<boolean> =>
  inTransaction(db.pool, (client) => writeBack(client, flag.id, change, 1n))

/** A fact that must come true within `limitMs`; how long it took. */
async function within(limitMs: number, check: () => void | Promise<void>): Promise<number> {
  const startedAtMs = performance.now()
  await vi.waitFor(check, { timeout: limitMs, interval: 5 })
  return performance.now() - startedAtMs
}

const witness = defineTunable({ id: 'witness', title: 'Witness', owner: 'test', initial: '', schema: Type.String() })

/** Resolves when the client has read everything that is committed now, and has done what follows from it. */
async function untilRead(db: TestDatabase, client: FlagClient): Promise<void> {
  // Two reads, one after the other: the second begins when the first has had its consequences.
  for (const value of [randomUUID(), randomUUID()]) {
    await inTransaction(db.pool, (connection) =>
      writeTunable(connection, witness.id, changeId('witness'), { value, before: '' }, 1n),
    )
    await within(2_000, () => expect(client.value(witness)).toBe(value))
  }
}

/** While `work` runs nobody can read the flags, however it ends. */
async function whileLocked(db: TestDatabase, work: () => Promise<void>): Promise<void> {
  const blocker = await db.pool.connect()
  try {
    await blocker.query('begin; lock table sankofa.flag in access exclusive mode')
    await work()
  } finally {
    await blocker.query('rollback')
    blocker.release()
  }
}

const listeners = (db: TestDatabase): Promise<readonly number[]> =>
  asAdmin(async (admin) => {
    const found = await admin.query<{ pid: number }>(
      `select activity.pid from pg_stat_activity as activity
        where activity.datname = $1 and activity.application_name = 'sankofa-listen' and activity.query like 'listen%'`,
      [new URL(db.url).pathname.slice(1)],
    )
    return found.rows.map((row) => row.pid)
  })

describe('a change in PostgreSQL', () => {
  test('is known within 2 s by notification alone', async ({ db }) => {
    await withFolder((directory) =>
      withClient({ flags: [flag], url: db.url, directory, pollMs: never }, async (client) => {
        await within(2_000, async () => expect(await listeners(db)).toHaveLength(1))
        expect(client.isOn(flag, { subject: 'tester' })).toBe(false)

        await expose(db, 0.5)
        await within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(true))

        await back(db)
        await within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(false))
      }),
    )
  })

  test('is known within 2 s while the disk does not take what is to be remembered', async ({ db }) => {
    await withFolder((directory) =>
      withClient({ flags: [flag], url: db.url, directory }, async (client) => {
        // Held as by a process that was killed a moment ago: nobody may break it for 5 s.
        await writeFile(join(directory, 'flags.json.lock'), '')
        await expose(db, 0.5)
        await within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(true))

        await back(db)

        await within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(false))
      }),
    )
  })

  test('is known within 2 s by polling alone', async ({ db }) => {
    await withFolder((directory) =>
      withClient({ flags: [flag], pool: db.pool, directory }, async (client) => {
        expect(await listeners(db)).toEqual([])

        await expose(db, 0.5)

        await within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(true))
      }),
    )
  })

  test('is known within 2 s when the listening connection was ended, and listening starts again', async ({ db }) => {
    await withFolder((directory) =>
      withClient({ flags: [flag], url: db.url, directory }, async (client) => {
        await within(2_000, async () => expect(await listeners(db)).toHaveLength(1))
        const [before] = await listeners(db)

        const ended = await asAdmin((admin) =>
          admin.query<{ ended: boolean }>('select pg_terminate_backend($1, 1000) as ended', [before]),
        )
        expect(ended.rows).toEqual([{ ended: true }])
        expect(await listeners(db)).not.toContain(before)
        await expose(db, 0.5)

        await within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(true))
        await within(5_000, async () => expect(await listeners(db)).toHaveLength(1))
      }),
    )
  })

  test('reaches a service whose own pool is full', async ({ db }) => {
    await withFolder(async (directory) => {
      const held = await Promise.all(Array.from({ length: 5 }, () => db.pool.connect()))
      try {
        await withClient({ flags: [flag], url: db.url, pool: db.pool, directory }, async (client) => {
          const last = await db.pool.connect()
          held.push(last)
          expect(db.pool.idleCount).toBe(0)

          await writeExposure(last, flag.id, change, { goId: 1n, salt: 's', stage: 1, share: 0.5, shareBefore: 0 }, 1n)

          await within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(true))
        })
      } finally {
        for (const connection of held) connection.release()
      }
    })
  })
})

test('randomised subjects are exposed in the share that the row says, and measured with its go and stage', async ({
  db,
}) => {
  await expose(db, 0.1, { goId: 9_007_199_254_740_993n, stage: 2, shareBefore: 0.02 })
  await withFolder((directory) =>
    withClient({ flags: [flag], url: db.url, directory }, async (client) => {
      const ids = subjects(5_000)

      const exposed = ids.filter((id) => client.isOn(flag, { subject: id }))
      const measured = ids.flatMap((id) => client.exposures(id))

      expect(exposed.length / ids.length).toBeCloseTo(0.1, 1)
      expect(measured).toHaveLength(ids.length)
      expect(measured.filter((exposure) => exposure.exposed)).toHaveLength(exposed.length)
      expect(measured[0]).toMatchObject({ change, goId: 9_007_199_254_740_993n, stage: 2 })
      expect(client.exposures('tester')).toEqual([])
      expect(client.isOn(flag, { subject: undefined })).toBe(false)
    }),
  )
})

test('a flag that nobody declared is off, said once', async ({ db }) => {
  await expose(db, 0.5)
  const { log, messages } = recordLog()
  await withFolder((directory) =>
    withClient({ flags: [], url: db.url, directory, log }, async (client) => {
      expect(client.isOn('new-checkout', { subject: 'tester' })).toBe(false)
      expect(client.isOn('new-checkout', { subject: 'ama' })).toBe(false)
      expect(client.exposures('ama')).toEqual([])
      await within(1_000, () => expect(messages.filter((line) => line.includes('not declared'))).toHaveLength(1))
    }),
  )
})

test('open watches are known, closed ones are not', async ({ db }) => {
  const guards = [{ id: 'errors', measure: 'errors', weight: 0.2 }]
  await db.pool.query(
    `insert into sankofa.watch (go_id, change_id, guards, sample_rate, closed_at)
     values (1, 'new-checkout', $1::jsonb, 0.5, null), (2, 'new-search', '[]'::jsonb, 1, clock_timestamp())`,
    [JSON.stringify(guards)],
  )
  await withFolder((directory) =>
    withClient({ url: db.url, directory }, async (client) => {
      expect(client.watches()).toEqual(new Map([[1n, { guards, sampleRate: 0.5 }]]))
    }),
  )
})

test('an expired flag is still evaluated, and reported', async ({ db }) => {
  const old = aFlag({ expires: '2026-01-31', named: { on: ['tester'] } })
  const { log, messages } = recordLog()
  await expose(db, 0.5)
  await withFolder((directory) =>
    withClient({ flags: [old], url: db.url, directory, log }, async (client) => {
      expect(client.isOn(old, { subject: 'tester' })).toBe(true)
      expect(client.expiredFlags()).toEqual([old])
      expect(messages.filter((line) => line.includes('expired'))).toHaveLength(1)
    }),
  )
})

test('a tunable value that this release refuses leaves the last one in force', async ({ db }) => {
  const fee = defineTunable({
    id: 'fee',
    title: 'Fee',
    owner: 'payments',
    initial: 100,
    schema: Type.Integer({ maximum: 500 }),
  })
  const set = (value: unknown): Promise<void> =>
    inTransaction(db.pool, (client) => writeTunable(client, 'fee', changeId('fee'), { value, before: 100 }, 1n))
  const { log, messages } = recordLog()
  await withFolder((directory) =>
    withClient({ tunables: [fee], url: db.url, directory, log }, async (client) => {
      expect(client.value(fee)).toBe(100)
      await set(200)
      await within(2_000, () => expect(client.value(fee)).toBe(200))

      await set(501)

      await within(2_000, () => expect(messages.some((line) => line.includes('refuses the value 501'))).toBe(true))
      expect(client.value(fee)).toBe(200)
    }),
  )
})

describe('back --local', () => {
  test('is obeyed within 1 s, and PostgreSQL does not win against it', async ({ db }) => {
    await expose(db, 0.5)
    await withFolder((directory) =>
      withClient({ flags: [flag], tunables: [witness], url: db.url, directory }, async (client) => {
        expect(client.isOn(flag, { subject: 'tester' })).toBe(true)

        await backLocal(directory, change, { actor: 'kofi', reason: 'payments fail' })
        await within(1_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(false))

        await expose(db, 0.99, { stage: 4 })
        await untilRead(db, client)
        expect(client.isOn(flag, { subject: 'tester' })).toBe(false)
        expect(client.exposures('ama')).toEqual([])
      }),
    )
  })

  test('gives a tunable its value of before', async ({ db }) => {
    const fee = defineTunable({ id: 'fee', title: 'Fee', owner: 'payments', initial: 100, schema: Type.Integer() })
    const setFee = changeId('set-fee')
    await inTransaction(db.pool, (client) => writeTunable(client, 'fee', setFee, { value: 300, before: 150 }, 1n))
    await withFolder((directory) =>
      withClient({ tunables: [fee], url: db.url, directory }, async (client) => {
        expect(client.value(fee)).toBe(300)

        await backLocal(directory, setFee, { actor: 'kofi', reason: 'too dear' })

        await within(1_000, () => expect(client.value(fee)).toBe(150))
      }),
    )
  })

  test('is forgotten only once it is journalled and the journal shows the change undone', async ({ db }) => {
    const epoch = await lead(db.pool)
    const { journal, begin, done } = await startRollout(db.pool, epoch)
    await begin(1, 0.02, 0)
    await expose(db, 0.02)
    await done(1, 0.02)
    await withFolder((directory) =>
      withClient({ flags: [flag], tunables: [witness], url: db.url, directory }, async (client) => {
        await backLocal(directory, change, { actor: 'kofi', reason: 'payments fail' })
        await within(1_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(false))
        const actor = 'watcher'
        await journal.append({ change, type: 'undoing', actor, data: { reason: 'kofi', cause: 'person' } }, { epoch })
        await back(db)
        const data = { undone: { tookMs: 1, summary: '' } }
        await journal.append({ change, type: 'undone', actor, data }, { epoch })
        await untilRead(db, client)
        expect(await localOverrides(directory)).toHaveLength(1)

        await journalledLocal(directory, change)

        await within(4_000, async () => expect(await localOverrides(directory)).toEqual([]))
      }),
    )
  })

  test('stays in force when journalled while the change is still out', async ({ db }) => {
    const epoch = await lead(db.pool)
    const { begin, done } = await startRollout(db.pool, epoch)
    await begin(1, 0.02, 0)
    await expose(db, 0.02)
    await done(1, 0.02)
    await withFolder((directory) =>
      withClient({ flags: [flag], tunables: [witness], url: db.url, directory }, async (client) => {
        await backLocal(directory, change, { actor: 'kofi', reason: 'payments fail' })
        await journalledLocal(directory, change)
        await within(1_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(false))

        await untilRead(db, client)

        expect(await localOverrides(directory)).toHaveLength(1)
        expect(client.isOn(flag, { subject: 'tester' })).toBe(false)
      }),
    )
  })
})

test('a process that no longer sees an override obeys PostgreSQL only after asking it', async ({ db }) => {
  await expose(db, 0.5)
  await withFolder((directory) =>
    withClient({ flags: [flag], tunables: [witness], url: db.url, directory }, async (client) => {
      await backLocal(directory, change, { actor: 'kofi', reason: 'payments fail' })
      await within(1_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(false))
      await whileLocked(db, async () => {
        await within(6_000, () => expect(client.ageMs()).toBeGreaterThan(2_000))

        await forgetLocal(directory, change)
        const obeyed = within(2_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(true))
        await expect(obeyed).rejects.toThrow()
      })

      await within(5_000, () => expect(client.isOn(flag, { subject: 'tester' })).toBe(true))
    }),
  )
})

test('a table that stays locked costs no request and collects no connections', async ({ db }) => {
  await expose(db, 0.5)
  const waiting = (): Promise<number> =>
    asAdmin(async (admin) => {
      const found = await admin.query(
        `select 1 from pg_stat_activity as activity
          where activity.datname = $1 and activity.application_name = 'sankofa-flags' and activity.wait_event_type = 'Lock'`,
        [new URL(db.url).pathname.slice(1)],
      )
      return found.rowCount ?? 0
    })
  await withFolder((directory) =>
    withClient({ flags: [flag], url: db.url, directory }, async (client) => {
      await whileLocked(db, async () => {
        await within(3_000, async () => expect(await waiting()).toBe(1))
        // Long enough for three tries, one after the other.
        await within(8_000, () => expect(client.ageMs()).toBeGreaterThan(5_000))

        expect(await waiting()).toBeLessThanOrEqual(1)
        expect(client.isOn(flag, { subject: 'tester' })).toBe(true)
      })

      await within(5_000, () => expect(client.ageMs()).toBeLessThan(2_000))
    }),
  )
})

test('a process that starts without its tables throws nothing', async ({ db }) => {
  await db.pool.query('drop schema sankofa cascade')
  const { log, messages } = recordLog()
  await withFolder(async (directory) => {
    const client = createFlagClient({ flags: [flag], tunables: [], url: db.url, directory, secret: '', log })
    await client.start()

    expect(client.isOn(flag, { subject: 'tester' })).toBe(false)
    expect(client.ageMs()).toBe(Number.POSITIVE_INFINITY)
    expect(messages.filter((line) => line.includes('does not answer'))).toHaveLength(1)
    await client.stop()
  })
})
