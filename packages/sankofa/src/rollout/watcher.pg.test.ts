import { pino } from 'pino'
import { createDatabase, describe, expect, test } from '#harness'
import { changeId, systemClock } from '../core/index.ts'
import { openJournal, type Proof, propose, requestBack, requestGo } from '../journal/index.ts'
import { createWatcher } from './index.ts'
import { flagRollout } from './testing/flag-rollout.ts'

const id = changeId('any')

test('requests that are never answered take the change back within a minute', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['any'] })
  rollout.measurement.settings.effects.set('any', { hangs: 0.2 })
  await rollout.go('any')

  const seconds = await rollout.until((states) => states.get(id)?.state === 'undone', 300)

  expect(seconds).toBeLessThanOrEqual(120)
  expect((await rollout.state('any')).undoneBecause?.cause).toBe('judge')
}, 60_000)

test('customers who never arrive with the change take it back by the sample ratio', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['any'] })
  rollout.measurement.settings.effects.set('any', { lost: 1 })
  await rollout.go('any')

  await rollout.until((states) => states.get(id)?.state === 'undone', 1_800)

  expect((await rollout.state('any')).undoneBecause).toMatchObject({ cause: 'sample-ratio' })
}, 60_000)

test('a change goes back when a person asks, although nothing that was measured can be read', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['any'] })
  await rollout.go('any')
  rollout.measurement.newWindows = async () => {
    throw new Error('a window cannot be decoded')
  }
  await rollout.step()
  expect((await rollout.state('any')).failing).toMatchObject({ step: 'measure', error: 'a window cannot be decoded' })

  await requestBack(rollout.journal, { change: 'any', actor: 'kofi', reason: 'blind' })
  await rollout.watcher.tick(rollout.epoch)

  expect(await rollout.state('any')).toMatchObject({ state: 'undone' })
  expect(await rollout.kind.actual(id)).toBe(0)
}, 60_000)

test('a row that someone changed by hand is set right, and the journal keeps that it happened', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['any'] })
  await rollout.go('any')
  await db.pool.query('update sankofa.flag set share = 0.9')
  expect(await rollout.kind.actual(id)).toBe(0.9)

  // Before anyone is measured with it: else the sample ratio would take the change back, and rightly.
  rollout.clock.set(rollout.clock.now() + 10_000)
  await rollout.watcher.tick(rollout.epoch)

  expect(await rollout.kind.actual(id)).toBe(0.02)
  const told = (await rollout.journal.read()).filter((record) => record.type === 'step-failed')
  expect(told.map((record) => record.data)).toEqual([
    { step: 'compare', error: 'The world showed 0.9 where the journal says 0.02; it is set right.' },
  ])
}, 60_000)

test('what was taken back on this host is journalled with who, why and when, and undone for everyone', async ({
  db,
}) => {
  const at = new Date('2026-11-23T08:59:00Z')
  let pending = [{ change: id, actor: 'ama', reason: 'database away', at }]
  const localBacks = {
    pending: async () => pending,
    done: async (change: string) => {
      pending = pending.filter((back) => back.change !== change)
    },
  }
  const rollout = await flagRollout({ pool: db.pool, changes: ['any'] })
  await rollout.go('any')
  await rollout.restart({ localBacks })

  await rollout.step()

  const asked = (await rollout.journal.read()).find((record) => record.type === 'back-requested')
  expect(asked).toMatchObject({ actor: 'ama', at, data: { reason: 'database away', local: true } })
  expect(pending).toEqual([])
  expect(await rollout.state('any')).toMatchObject({ state: 'undone' })
}, 60_000)

test.each([
  ['no reason at all', '', 'no reason was given'],
  ['pages of reasons', 'x'.repeat(50_000), expect.stringMatching(/^x{1000,9000} …$/)],
])(
  'what was taken back on this host with %s is undone for everyone too',
  async (_, reason, journalled) => {
    const database = await createDatabase()
    let pending = [{ change: id, actor: 'ama', reason, at: new Date() }]
    const localBacks = {
      pending: async () => pending,
      done: async () => {
        pending = []
      },
    }
    const rollout = await flagRollout({ pool: database.pool, changes: ['any'] })
    await rollout.go('any')
    await rollout.restart({ localBacks })

    await rollout.step()

    const asked = (await rollout.journal.read()).find((record) => record.type === 'back-requested')
    expect(asked?.data).toEqual({ reason: journalled, local: true })
    expect(await rollout.state('any')).toMatchObject({ state: 'undone' })
    await database.drop()
  },
  60_000,
)

test('what was taken back on this host is asked for before a running watcher does anything of itself', async ({
  db,
}) => {
  const done: string[] = []
  const reading = Promise.withResolvers<void>()
  let pending = [{ change: id, actor: 'ama', reason: 'nobody watched', at: new Date() }]
  const rollout = await flagRollout({ pool: db.pool, changes: ['any'] })
  await rollout.go('any')
  const { newWindows } = rollout.measurement
  rollout.measurement.newWindows = async (...asked) => {
    done.push('looked')
    reading.resolve()
    return newWindows.apply(rollout.measurement, asked)
  }
  await db.pool.query(`update sankofa.lease set expires_at = '-infinity'`)
  const watcher = createWatcher({
    pool: db.pool,
    journal: openJournal(db.pool),
    kinds: [rollout.kind],
    measurement: rollout.measurement,
    attempts: [],
    clock: { ...systemClock, now: rollout.clock.now },
    holder: 'running',
    log: pino({ level: 'silent' }),
    localBacks: {
      // A slow disk: whoever does not wait for it has looked by then.
      pending: async () => {
        await Promise.race([reading.promise, systemClock.sleep(1_000)])
        return pending
      },
      done: async () => {
        done.push('asked back')
        pending = []
      },
    },
  })

  watcher.start()
  await expect.poll(async () => (await rollout.state('any')).state, { timeout: 20_000 }).toBe('undone')
  await watcher.stop()

  expect(done[0]).toBe('asked back')
}, 60_000)

test('the tick of a replaced leader changes nothing', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['any'] })
  await rollout.go('any')
  const { epoch, watcher } = rollout
  await rollout.restart()
  await requestBack(rollout.journal, { change: 'any', actor: 'kofi', reason: 'hurts' })

  await expect(watcher.tick(epoch)).rejects.toMatchObject({ code: 'STALE_EPOCH' })

  expect(await rollout.kind.actual(id)).toBe(0.02)
  expect(await rollout.state('any')).toMatchObject({ state: 'exposed', pending: { want: 'back' } })
}, 60_000)

describe('a proof', () => {
  const proof = (nowMs: number, rest: Partial<Proof> = {}): Proof => ({
    ok: true,
    digest: 'd',
    base: 'b',
    expiresAt: new Date(nowMs + 60_000).toISOString(),
    loss: 'kept',
    undoMs: 1,
    locks: [],
    steps: [],
    ...rest,
  })

  test('that fails refuses the change with its reason, and a person may still say that it goes unproved', async ({
    db,
  }) => {
    const failed = { ok: false, reason: 'The old path loses the note.' }
    const rollout = await flagRollout({
      pool: db.pool,
      changes: ['any'],
      kind: (real) => ({ ...real, prove: async () => proof(Date.now(), failed) }),
    })
    await rollout.go('any')
    const refused = await rollout.state('any')

    await requestGo(rollout.journal, { change: 'any', actor: 'kofi', unproved: 'the shop is down anyway' })
    await rollout.watcher.tick(rollout.epoch)

    expect(refused).toMatchObject({ state: 'refused', refusal: { reason: 'The old path loses the note.' }, share: 0 })
    expect(await rollout.state('any')).toMatchObject({ state: 'exposed', unproved: 'the shop is down anyway' })
  }, 60_000)

  test('that cannot be carried out refuses the change too', async ({ db }) => {
    const rollout = await flagRollout({
      pool: db.pool,
      changes: ['any'],
      kind: (real) => ({
        ...real,
        prove: async () => {
          throw new Error('no room on the disk')
        },
      }),
    })

    await rollout.go('any')

    const { state, refusal } = await rollout.state('any')
    expect(state).toBe('refused')
    expect(refusal?.reason).toBe('Its undo could not be tried out: no room on the disk')
  }, 60_000)

  test.each([
    ['is used while it holds', {}, { digest: 'd', base: 'b' }, 0],
    ['has expired', { expiresAt: '2026-11-23T08:00:00Z' }, { digest: 'd', base: 'b' }, 1],
    ['was of other code', {}, { digest: 'other', base: 'b' }, 1],
    ['was of another release', {}, { digest: 'd', base: 'other' }, 1],
  ])(
    'that %s',
    async (_, stored, now, provedAgain) => {
      const database = await createDatabase()
      let proved = 0
      const rollout = await flagRollout({
        pool: database.pool,
        changes: ['any'],
        kind: (real) => ({
          ...real,
          prove: async () => {
            proved++
            return proof(rollout.clock.now(), now)
          },
          ...({ currentDigest: async () => now } as object),
        }),
      })
      const size = { unit: 'flags', n: 1 }
      const plan = {
        kind: 'flag',
        plan: { flag: 'any' },
        title: 'Any',
        control: 'subjects',
        dependsOn: [],
        size,
      } as const
      await propose(rollout.journal, { change: 'any', actor: 'ama', ...plan })
      const earlier = { proof: proof(rollout.clock.now(), stored) }
      await rollout.journal.append({ change: id, type: 'proved', actor: 'ama', data: earlier })
      await requestGo(rollout.journal, { change: 'any', actor: 'ama' })
      await rollout.watcher.tick(rollout.epoch)

      expect(proved).toBe(provedAgain)
      expect(await rollout.state('any')).toMatchObject({ state: 'exposed', share: 0.02 })
      await database.drop()
    },
    60_000,
  )

  test.each([
    ['with pages of text', 'x'.repeat(50_000)],
    ['with bytes that PostgreSQL does not keep', 'expected \0 to be 1'],
    ['without a word', ''],
  ])(
    'that fails %s refuses the change at once',
    async (_, message) => {
      const database = await createDatabase()
      let tries = 0
      const rollout = await flagRollout({
        pool: database.pool,
        changes: ['any'],
        kind: (real) => ({
          ...real,
          prove: async () => {
            tries++
            return proof(Date.now(), { ok: false, reason: message })
          },
        }),
      })

      await rollout.go('any')
      await rollout.step()

      expect((await rollout.state('any')).state).toBe('refused')
      expect(tries).toBe(1)
      await database.drop()
    },
    60_000,
  )

  test('that takes long does not keep a leader that lost its lease from leading again', async ({ db }) => {
    const slow = Promise.withResolvers<Proof>()
    const rollout = await flagRollout({
      pool: db.pool,
      changes: ['any', 'slow'],
      kind: (real) => ({
        ...real,
        prove: (plan) => ((plan as { flag: string }).flag === 'slow' ? slow.promise : real.prove(plan)),
      }),
    })
    await rollout.go('any')
    const size = { unit: 'flags', n: 1 }
    const plan = {
      kind: 'flag',
      plan: { flag: 'slow' },
      title: 'Slow',
      control: 'subjects',
      dependsOn: [],
      size,
    } as const
    await propose(rollout.journal, { change: 'slow', actor: 'ama', ...plan })
    await requestGo(rollout.journal, { change: 'slow', actor: 'ama' })
    await db.pool.query(`update sankofa.lease set expires_at = '-infinity'`)
    const watcher = createWatcher({
      pool: db.pool,
      journal: openJournal(db.pool),
      kinds: [rollout.kind],
      measurement: rollout.measurement,
      attempts: [],
      clock: { ...systemClock, now: rollout.clock.now },
      holder: 'running',
      log: pino({ level: 'silent' }),
      listenUrl: db.url,
    })
    watcher.start()
    await expect.poll(() => watcher.leading(), { timeout: 5_000 }).toBeDefined()
    const lost = watcher.leading() ?? 0n

    // As after minutes without PostgreSQL: another one led meanwhile, and is gone.
    await db.pool.query(`update sankofa.lease set epoch = epoch + 1, holder = 'other', expires_at = '-infinity'`)

    await expect.poll(() => watcher.leading() ?? 0n, { timeout: 15_000 }).toBeGreaterThan(lost + 1n)
    const again = watcher.leading()
    await requestBack(rollout.journal, { change: 'any', actor: 'kofi', reason: 'hurts' })
    await expect.poll(async () => (await rollout.state('any')).state, { timeout: 5_000 }).toBe('undone')
    slow.resolve(proof(rollout.clock.now()))
    await expect.poll(async () => (await rollout.state('slow')).share, { timeout: 10_000 }).toBe(0.02)
    expect(watcher.leading()).toBe(again)
    await watcher.stop()
  }, 60_000)

  test('that takes long keeps nothing else from being watched', async ({ db }) => {
    const slow = Promise.withResolvers<Proof>()
    const rollout = await flagRollout({
      pool: db.pool,
      changes: ['any', 'slow'],
      kind: (real) => ({
        ...real,
        prove: (plan) => ((plan as { flag: string }).flag === 'slow' ? slow.promise : real.prove(plan)),
      }),
    })
    await rollout.go('any')
    // The running watcher, not single ticks: its two loops are what is tested.
    await db.pool.query(`update sankofa.lease set expires_at = '-infinity'`)
    const size = { unit: 'flags', n: 1 }
    const plan = {
      kind: 'flag',
      plan: { flag: 'slow' },
      title: 'Slow',
      control: 'subjects',
      dependsOn: [],
      size,
    } as const
    await propose(rollout.journal, { change: 'slow', actor: 'ama', ...plan })
    await requestGo(rollout.journal, { change: 'slow', actor: 'ama' })
    const watcher = createWatcher({
      pool: db.pool,
      journal: openJournal(db.pool),
      kinds: [rollout.kind],
      measurement: rollout.measurement,
      attempts: [],
      clock: { ...systemClock, now: rollout.clock.now },
      holder: 'running',
      log: pino({ level: 'silent' }),
      listenUrl: db.url,
    })
    watcher.start()
    await expect.poll(() => watcher.leading(), { timeout: 5_000 }).toBeDefined()

    await requestBack(rollout.journal, { change: 'any', actor: 'kofi', reason: 'hurts' })

    await expect.poll(async () => (await rollout.state('any')).state, { timeout: 5_000 }).toBe('undone')
    expect((await rollout.state('slow')).state).toBe('proposed')
    slow.resolve(proof(rollout.clock.now()))
    await expect.poll(async () => (await rollout.state('slow')).share, { timeout: 10_000 }).toBe(0.02)
    await watcher.stop()
  }, 60_000)
})
