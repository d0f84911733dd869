import { expect, test } from '#harness'
import { requestHold } from '../../journal/index.ts'
import { patienceMs } from './rules.ts'
import { openEngineHouse } from './testing/engine-house.ts'
import { flaggerDouble } from './testing/flagger-double.ts'

test('a harmless change gets no traffic before its verdict, then all of it', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good', { bakeMs: 60_000 })
  const flagger = flaggerDouble({ baseUrl: house.url, change: 'good', token: house.token })

  const weights = new Set<number>()
  for (let n = 0; n < 600 && flagger.now.phase !== 'Succeeded'; n += 1) {
    await house.rollout.step()
    await flagger.look(house.clock.now())
    weights.add(flagger.now.weight)
    if (flagger.now.weight > 0) expect((await house.rollout.state('good')).state).toBe('settled')
  }

  expect(flagger.now).toMatchObject({ phase: 'Succeeded', failedChecks: 0 })
  expect([...weights]).toEqual([0, 10, 20, 30, 40, 50, 100])
  expect(JSON.parse(flagger.now.lastNo)).toMatchObject({ answer: 'no', verdict: 'wait' })
}, 60_000)

test('a change that breaks checkout is rolled back at the next look', async ({ db }) => {
  const house = await openEngineHouse(db, ['broken'])
  house.rollout.measurement.settings.effects.set('broken', { failsCheckout: 1 })
  await house.rollout.go('broken')
  const flagger = flaggerDouble({ baseUrl: house.url, change: 'broken', token: house.token })

  let undoneAtMs: number | undefined
  for (let n = 0; n < 60 && flagger.now.phase !== 'Failed'; n += 1) {
    await house.rollout.step()
    if ((await house.rollout.state('broken')).state === 'undone') undoneAtMs ??= house.clock.now()
    await flagger.look(house.clock.now())
  }

  expect(flagger.now).toMatchObject({ phase: 'Failed', weight: 0, failedChecks: 0 })
  expect(house.clock.now() - (undoneAtMs ?? 0)).toBeLessThanOrEqual(60_000)
}, 60_000)

test('PostgreSQL away for 40 s, and for minutes, fails no check', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good', { bakeMs: 60_000 })
  const flagger = flaggerDouble({ baseUrl: house.url, change: 'good', token: house.token })
  await flagger.look(house.clock.now())
  house.pass(60_000)
  await flagger.look(house.clock.now())

  house.line.cut('refused')
  for (let n = 0; n < 4; n += 1) {
    house.pass(60_000)
    await flagger.look(house.clock.now())
  }
  house.line.mend()

  expect(flagger.now).toMatchObject({ phase: 'Progressing', weight: 0, failedChecks: 0 })
  expect(JSON.parse(flagger.now.lastNo).reason).toContain('PostgreSQL has not answered')
  for (let n = 0; n < 600 && flagger.now.phase !== 'Succeeded'; n += 1) {
    await house.rollout.step()
    await flagger.look(house.clock.now())
  }
  expect(flagger.now).toMatchObject({ phase: 'Succeeded', failedChecks: 0 })
}, 60_000)

test('PostgreSQL away for longer than is waited for fails closed, and rolls back', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good')
  const flagger = flaggerDouble({ baseUrl: house.url, change: 'good', token: house.token })
  await flagger.look(house.clock.now())
  const fromMs = house.clock.now()

  house.line.cut('refused')
  for (let n = 0; n < 30 && flagger.now.phase !== 'Failed'; n += 1) {
    house.pass(60_000)
    await flagger.look(house.clock.now())
  }

  expect(flagger.now).toMatchObject({ phase: 'Failed', failedChecks: 5 })
  expect(house.clock.now() - fromMs).toBeGreaterThan(patienceMs)
  expect(flagger.now.lastNo).toContain('longer than the')
})

test('nothing begins for a change that nobody proposed, that is held, or with a wrong token', async ({ db }) => {
  const house = await openEngineHouse(db, ['held'])
  await house.rollout.go('held')
  await house.rollout.step()
  await requestHold(house.rollout.journal, { change: 'held', actor: 'kofi', reason: 'the sale' })
  await house.rollout.step()
  const { url: baseUrl, token } = house
  const all = [
    flaggerDouble({ baseUrl, change: 'nobody', token }),
    flaggerDouble({ baseUrl, change: 'held', token }),
    flaggerDouble({ baseUrl, change: 'held', token: 'wrong' }),
  ]

  for (let n = 0; n < 3; n += 1) {
    house.pass(60_000)
    for (const flagger of all) await flagger.look(house.clock.now())
  }

  expect(all.map((flagger) => flagger.now.phase)).toEqual(['Waiting', 'Waiting', 'Waiting'])
  expect(all.map((flagger) => JSON.parse(flagger.now.lastNo).error)).toEqual([
    undefined,
    undefined,
    'ENGINE_TOKEN_WRONG',
  ])
  expect(all[0]?.now.lastNo).toContain('There is no change “nobody”')
  expect(all[1]?.now.lastNo).toContain('the sale')
})
