import { expect, test } from '#harness'
import { changeId } from '../core/index.ts'
import { requestBack, requestGo } from '../journal/index.ts'
import { flagRollout } from './testing/flag-rollout.ts'

test('a change does not start before what it stands on is out whole', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['base', 'roof'] })
  await rollout.go('base')
  await rollout.step()

  await rollout.go('roof', { dependsOn: ['base'] })

  const roof = await rollout.state('roof')
  expect(roof.state).toBe('refused')
  expect(roof.refusal?.reason).toContain('It stands on base, which is exposed at 2 %')
}, 60_000)

test('what stands on a change is taken back before it', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['base', 'wall', 'roof'] })
  for (const [change, dependsOn] of [
    ['base', []],
    ['wall', ['base']],
    ['roof', ['wall']],
  ] as const) {
    await rollout.go(change, { dependsOn, bakeMs: 3_600_000 })
    await rollout.until((states) => states.get(changeId(change))?.state === 'bake', 3_600)
  }

  await requestBack(rollout.journal, { change: 'base', actor: 'ama', reason: 'wrong' })
  await rollout.watcher.tick(rollout.epoch)

  const order = (await rollout.journal.read()).flatMap((record) => (record.type === 'undone' ? [record.change] : []))
  expect(order).toEqual(['roof', 'wall', 'base'])
  for (const change of order) expect(await rollout.kind.actual(change)).toBe(0)
  expect((await rollout.state('roof')).undoneBecause?.reason).toBe('base, on which it stands, is being taken back.')
}, 120_000)

test('an undo that would leave settled code on something gone is refused, and says what to do', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['base', 'roof'] })
  await rollout.go('base', { bakeMs: 36_000_000 })
  await rollout.until((states) => states.get(changeId('base'))?.state === 'bake', 3_600)
  await rollout.go('roof', { dependsOn: ['base'], bakeMs: 10_000 })
  await rollout.until((states) => states.get(changeId('roof'))?.state === 'settled', 3_600)

  await requestBack(rollout.journal, { change: 'base', actor: 'ama', reason: 'wrong' })
  await rollout.watcher.tick(rollout.epoch)

  const base = await rollout.state('base')
  expect(base).toMatchObject({ state: 'bake', share: 0.99, pending: undefined })
  expect(base.refusal?.reason).toContain('roof stands on base and is settled')
  expect(await rollout.kind.actual(changeId('base'))).toBe(0.99)
}, 120_000)

test('a dependent whose undo fails keeps what it stands on where it is, until it is undone', async ({ db }) => {
  let broken = false
  const rollout = await flagRollout({
    pool: db.pool,
    changes: ['base', 'roof'],
    kind: (real) => ({
      ...real,
      undo: async (id, plan, epoch) => {
        if (broken && id === 'roof') throw new Error('disk full')
        return real.undo(id, plan, epoch)
      },
    }),
  })
  await rollout.go('base', { bakeMs: 36_000_000 })
  await rollout.until((states) => states.get(changeId('base'))?.state === 'bake', 3_600)
  await rollout.go('roof', { dependsOn: ['base'] })
  await rollout.step()
  broken = true
  await requestBack(rollout.journal, { change: 'base', actor: 'ama', reason: 'wrong' })
  await rollout.watcher.tick(rollout.epoch)

  expect(await rollout.kind.actual(changeId('base'))).toBe(0.99)
  expect((await rollout.state('roof')).failing).toMatchObject({ step: 'undo', error: 'disk full' })
  broken = false
  rollout.clock.set(rollout.clock.now() + 5_000)
  await rollout.watcher.tick(rollout.epoch)

  expect([(await rollout.state('roof')).state, (await rollout.state('base')).state]).toEqual(['undone', 'undone'])
}, 120_000)

test('a step that fails is journalled a few times, not each time, and tried again until it is done', async ({ db }) => {
  let broken = true
  let tries = 0
  const rollout = await flagRollout({
    pool: db.pool,
    changes: ['any'],
    kind: (real) => ({
      ...real,
      expose: async (id, plan, share, epoch) => {
        tries++
        if (broken) throw new Error('no route to host')
        return real.expose(id, plan, share, epoch)
      },
    }),
  })
  await rollout.go('any')
  for (let n = 0; n < 20; n++) await rollout.step()

  const failing = await rollout.state('any')
  const failures = (await rollout.journal.read()).filter((record) => record.type === 'step-failed').length
  broken = false
  await requestGo(rollout.journal, { change: 'any', actor: 'ama' })
  for (let n = 0; n < 4; n++) await rollout.step()

  expect(failing).toMatchObject({ share: 0, held: { cause: 'step-failed' } })
  expect(failing.held?.reason).toContain('no route to host')
  expect(failures).toBeLessThan(tries / 2)
  expect(await rollout.state('any')).toMatchObject({ share: 0.02, held: undefined, inFlight: undefined })
}, 60_000)
