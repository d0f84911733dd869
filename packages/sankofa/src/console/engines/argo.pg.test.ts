import { expect, test } from '#harness'
import { requestBack, requestHold } from '../../journal/index.ts'
import { patienceMs } from './rules.ts'
import { argoDouble, assess, theMetric } from './testing/argo-double.ts'
import { openEngineHouse } from './testing/engine-house.ts'

const hash = '6d4c7f5b9'

test('a harmless change waits at 5 % for its verdict and is then promoted', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good', { bakeMs: 60_000 })
  const argo = argoDouble({ baseUrl: house.url, args: { change: 'good', hash, token: house.token } })

  const weights = new Set<number>()
  for (let n = 0; n < 400 && argo.now.phase === 'Progressing'; n += 1) {
    await house.rollout.step()
    await argo.look(house.clock.now())
    weights.add(argo.now.weight)
    if (argo.now.weight > 5) expect((await house.rollout.state('good')).state).toBe('settled')
  }

  expect(argo.now).toMatchObject({ phase: 'Healthy', weight: 100 })
  expect([...weights]).toEqual([5, 50, 100])
  expect(argo.measured).toMatchObject({ successes: 1, failed: 0 })
  expect(argo.measured.inconclusive).toBeGreaterThan(5)
}, 60_000)

test('a change that breaks checkout ends in an abort, with the culprit named', async ({ db }) => {
  const house = await openEngineHouse(db, ['broken'])
  house.rollout.measurement.settings.effects.set('broken', { failsCheckout: 1 })
  await house.rollout.go('broken')
  const argo = argoDouble({ baseUrl: house.url, args: { change: 'broken', hash, token: house.token } })

  for (let n = 0; n < 60 && argo.now.phase === 'Progressing'; n += 1) {
    await house.rollout.step()
    await argo.look(house.clock.now())
    expect(argo.now.weight).toBeLessThanOrEqual(5)
  }

  expect(argo.now).toMatchObject({ phase: 'Degraded', weight: 0 })
  expect(argo.measured.failed).toBe(1)
  const told = JSON.parse(argo.now.message)
  expect(told).toMatchObject({ verdict: 'fail', culprit: 'broken', hash, change: { id: 'broken', state: 'undone' } })
  expect(told.reason).toContain('Taken back by itself.')
  expect(told.evidence).toMatchObject({ share: 1 })
  expect(told.evidence.harmed).toBeGreaterThan(0)
}, 60_000)

test('a person takes a change back: the engine is told before the watcher has done it', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good')
  await house.rollout.step()
  const argo = argoDouble({ baseUrl: house.url, args: { change: 'good', hash, token: house.token } })
  await argo.look(house.clock.now())
  expect(argo.now.phase).toBe('Progressing')

  await requestBack(house.rollout.journal, { change: 'good', actor: 'kofi', reason: 'customers complain' })
  house.pass(30_000)
  await argo.look(house.clock.now())

  expect(argo.now.phase).toBe('Degraded')
  expect(JSON.parse(argo.now.message)).toMatchObject({
    culprit: null,
    reason: 'kofi takes it back: customers complain.',
  })
})

test('PostgreSQL away for 40 s does not end a rollout, even with the limit of errors that Argo has by itself', async ({
  db,
}) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good', { bakeMs: 60_000 })
  const { consecutiveErrorLimit: _, ...metric } = { ...theMetric(), interval: '10s' }
  const argo = argoDouble({ baseUrl: house.url, metric, args: { change: 'good', hash, token: house.token } })
  await house.rollout.step()
  await argo.look(house.clock.now())
  const before = { ...argo.measured }

  house.line.cut('refused')
  for (let n = 0; n < 5; n += 1) {
    house.pass(10_000)
    await argo.look(house.clock.now())
    expect(JSON.parse(argo.now.message).reason).toMatch(/^Not known: PostgreSQL has not answered for/)
  }
  house.line.mend()

  expect(argo.measured).toMatchObject({ all: before.all + 5, errors: 0, inconclusive: before.inconclusive + 5 })
  for (let n = 0; n < 400 && argo.now.phase === 'Progressing'; n += 1) {
    await house.rollout.step()
    await argo.look(house.clock.now())
  }
  expect(argo.now.phase).toBe('Healthy')
}, 60_000)

test('a server that hangs is answered for in time', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good')
  const argo = argoDouble({ baseUrl: house.url, args: { change: 'good', hash, token: house.token } })
  await argo.look(house.clock.now())

  house.line.cut('silent')
  house.pass(30_000)
  await argo.look(house.clock.now())

  expect(argo.measured).toMatchObject({ all: 2, errors: 0, inconclusive: 2 })
}, 30_000)

test('PostgreSQL away for good ends the rollout: what is not known is no good news', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good')
  const argo = argoDouble({ baseUrl: house.url, args: { change: 'good', hash, token: house.token } })
  await argo.look(house.clock.now())
  const fromMs = house.clock.now()

  house.line.cut('refused')
  while (argo.now.phase === 'Progressing' && house.clock.now() - fromMs < 3_600_000) {
    house.pass(10_000)
    await argo.look(house.clock.now())
  }

  expect(argo.now).toMatchObject({ phase: 'Degraded', message: 'received non 2xx response code: 503' })
  const lastedMs = house.clock.now() - fromMs
  expect(lastedMs).toBeGreaterThan(patienceMs)
  expect(lastedMs).toBeLessThan(patienceMs + 300_000)
}, 30_000)

test('a token that was never seen is not believed while PostgreSQL is away, and Flagger is still told why', async ({
  db,
}) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good')

  house.line.cut('refused')
  const argo = await fetch(`${house.url}/v1/verdict?change=good`, {
    headers: { authorization: `Bearer ${house.token}` },
  })
  const flagger = await fetch(`${house.url}/v1/flagger/rollout`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'n',
      namespace: 'n',
      phase: 'Progressing',
      metadata: { change: 'good', token: house.token },
    }),
  })

  expect([argo.status, await argo.json()]).toMatchObject([503, { verdict: 'wait', error: 'DATABASE_UNREACHABLE' }])
  expect([flagger.status, await flagger.json()]).toMatchObject([403, { answer: 'no', error: 'DATABASE_UNREACHABLE' }])
})

test('harm that was known before PostgreSQL went away still ends the rollout', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good')
  await house.rollout.step()
  await requestBack(house.rollout.journal, { change: 'good', actor: 'kofi', reason: 'customers complain' })
  await fetch(`${house.url}/v1/verdict?change=good`, { headers: { authorization: `Bearer ${house.token}` } })
  const argo = argoDouble({ baseUrl: house.url, args: { change: 'good', hash, token: house.token } })

  house.line.cut('refused')
  await argo.look(house.clock.now())

  expect(argo.now.phase).toBe('Degraded')
  expect(argo.measured.failed).toBe(1)
})

test('a change that nobody proposed is an error that a proposal may still mend, and then the end', async ({ db }) => {
  const house = await openEngineHouse(db, ['late'])
  const late = argoDouble({ baseUrl: house.url, args: { change: 'late', hash, token: house.token } })
  const misspelt = argoDouble({ baseUrl: house.url, args: { change: 'lite', hash, token: house.token } })
  for (let n = 0; n < 30; n += 1) {
    if (n === 15) await house.rollout.go('late')
    house.pass(10_000)
    await late.look(house.clock.now())
    await misspelt.look(house.clock.now())
  }

  expect(late.now.phase).toBe('Progressing')
  expect(misspelt.now).toMatchObject({ phase: 'Degraded', message: 'received non 2xx response code: 404' })
})

test('a held change keeps its rollout where it is, and in the end a person is asked', async ({ db }) => {
  const house = await openEngineHouse(db, ['good'])
  await house.rollout.go('good')
  await requestHold(house.rollout.journal, { change: 'good', actor: 'kofi', reason: 'the sale' })
  await house.rollout.step()
  const metric = { ...theMetric(), count: 20, inconclusiveLimit: 20 }
  const argo = argoDouble({ baseUrl: house.url, metric, args: { change: 'good', hash, token: house.token } })

  for (let n = 0; n < 25; n += 1) {
    await argo.look(house.clock.now())
    house.pass(30_000)
  }

  expect(argo.now).toMatchObject({ phase: 'Paused', weight: 5 })
  expect(JSON.parse(argo.now.message).reason).toContain('kofi: the sale.')
})

test('without the row of successes a thousand times “wait” would be a success, so the manifest has it', () => {
  const waited = { count: 1_000, successes: 0, failed: 0, inconclusive: 1_000, errors: 0, all: 1_000 }
  const { consecutiveSuccessLimit, ...without } = theMetric()

  expect(consecutiveSuccessLimit).toBe(1)
  expect(assess(without, waited)).toBe('Successful')
  expect(assess(theMetric(), waited)).toBe('Inconclusive')
})
