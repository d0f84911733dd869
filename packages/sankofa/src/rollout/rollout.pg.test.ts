import { expect, test } from '#harness'
import { changeId } from '../core/index.ts'
import { requestBack, requestGo, requestHold } from '../journal/index.ts'
import { flagRollout } from './testing/flag-rollout.ts'

const minute = 60_000

test('a change that breaks checkout is undone within a minute, by its evidence', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['broken'] })
  rollout.measurement.settings.effects.set('broken', { failsCheckout: 1 })
  await rollout.go('broken')

  const seconds = await rollout.until((states) => states.get(changeId('broken'))?.state === 'undone', 300)

  const state = await rollout.state('broken')
  expect(seconds).toBeLessThanOrEqual(120)
  expect(state.undoneBecause).toMatchObject({ cause: 'judge' })
  expect(state.undoneBecause?.reason).toMatch(/customers with the change failed/)
  expect(state.undoneBecause?.subjectsHarmed).toBeGreaterThan(0)
  expect(await rollout.kind.actual(changeId('broken'))).toBe(0)
  expect(state.ignored).toBe(0)
}, 60_000)

test('a harmless change goes through every stage, bakes and is settled', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['good'] })
  await rollout.go('good', { bakeMs: minute })

  await rollout.until((states) => states.get(changeId('good'))?.state === 'settled', 3_600)

  const records = await rollout.journal.read()
  const stages = records.flatMap((record) => (record.type === 'exposed' ? [record.data.share] : []))
  expect(stages).toEqual([0.02, 0.1, 0.5, 0.99])
  expect(await rollout.kind.actual(changeId('good'))).toBe(1)
  expect(records.map((record) => record.type).slice(0, 4)).toEqual(['proposed', 'go-requested', 'proved', 'started'])
  expect(records.at(-1)?.type).toBe('settled')
}, 60_000)

test('a person takes a change back, and it is at 0 at the next look', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['good'] })
  await rollout.go('good')
  await rollout.step()
  expect(await rollout.kind.actual(changeId('good'))).toBe(0.02)

  await requestBack(rollout.journal, { actor: 'kofi', reason: 'customers complain' })
  await rollout.watcher.tick(rollout.epoch)

  expect(await rollout.kind.actual(changeId('good'))).toBe(0)
  const state = await rollout.state('good')
  expect(state.state).toBe('undone')
  expect(state.undoneBecause).toMatchObject({ cause: 'person', reason: 'kofi took it back: customers complain' })
}, 60_000)

test('a person holds a change: it is judged, but goes no further until they let it', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['good'] })
  await rollout.go('good')
  await rollout.step()
  await requestHold(rollout.journal, { change: 'good', actor: 'kofi', reason: 'the sale' })
  for (let n = 0; n < 60; n++) await rollout.step()

  const held = await rollout.state('good')
  await requestGo(rollout.journal, { change: 'good', actor: 'kofi' })
  await rollout.watcher.tick(rollout.epoch)

  expect(held).toMatchObject({ stage: 1, share: 0.02, held: { cause: 'person', reason: 'kofi: the sale' } })
  expect(await rollout.state('good')).toMatchObject({ stage: 2, share: 0.1, held: undefined })
}, 60_000)

test('silence takes the exposure to 0, and the stage goes on when the reports are back', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['good'] })
  await rollout.go('good')
  await rollout.step()
  const well = rollout.measurement.settings.liveness
  rollout.measurement.settings.liveness = {
    ...well,
    processes: [{ processId: 'shop-1', service: 'shop', ageMs: 125_000, stopped: false }],
  }
  rollout.clock.set(rollout.clock.now() + 130_000)
  await rollout.watcher.tick(rollout.epoch)

  const silent = await rollout.state('good')
  const shownWhileSilent = await rollout.kind.actual(changeId('good'))
  rollout.measurement.settings.liveness = well
  await rollout.watcher.tick(rollout.epoch)

  expect(silent).toMatchObject({
    state: 'exposed',
    stage: 1,
    share: 0,
    paused: 'A process of shop has not reported for 125 s.',
  })
  expect(shownWhileSilent).toBe(0)
  expect(await rollout.state('good')).toMatchObject({ stage: 1, share: 0.02, paused: undefined })
  expect(await rollout.kind.actual(changeId('good'))).toBe(0.02)
}, 60_000)

test('what was measured while the exposure stood at 0 is not judged', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['good'] })
  const { settings } = rollout.measurement
  await rollout.go('good')
  for (let n = 0; n < 3; n++) await rollout.step()
  const well = settings.liveness
  settings.liveness = { ...well, processes: [] }
  // 30 windows at a share of 0: to the sample ratio test they would look like exposed customers who never arrive.
  for (let n = 0; n < 30; n++) await rollout.step()
  expect(await rollout.state('good')).toMatchObject({ share: 0, stage: 1 })
  settings.liveness = well
  for (let n = 0; n < 3; n++) await rollout.step()

  const judged = await db.pool.query<{ n: bigint }>('select count(*) as n from sankofa.judged_window')
  expect(await rollout.state('good')).toMatchObject({ state: 'exposed', share: 0.02 })
  expect(Number(judged.rows[0]?.n)).toBeGreaterThanOrEqual(3)
  expect(Number(judged.rows[0]?.n)).toBeLessThanOrEqual(6)
}, 60_000)

test('a stage that stays undecided asks a person, who may take it to the next stage on their word', async ({ db }) => {
  const world = { customers: 500, requestsPerSecond: 0.2 }
  const rollout = await flagRollout({ pool: db.pool, changes: ['rare'], world })
  await rollout.go('rare')
  const { go } = await rollout.state('rare')
  const expectedMs = go?.forecast.stages[0]?.expectedMs ?? 0
  // Nobody is measured at all: evidence cannot come, and time passes.
  rollout.clock.set(rollout.clock.now() + 3 * expectedMs + 1_000)
  await rollout.watcher.tick(rollout.epoch)

  const asked = await rollout.state('rare')
  await requestGo(rollout.journal, { change: 'rare', actor: 'ama' })
  await rollout.watcher.tick(rollout.epoch)

  expect(asked.held).toMatchObject({ cause: 'deadline' })
  expect(asked.held?.ask).toContain('sankofa go rare')
  expect(await rollout.state('rare')).toMatchObject({ stage: 2, held: undefined })
}, 60_000)

test('a kind of error that only the exposed meet holds the change, and is let go when control meets it too', async ({
  db,
}) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['odd'] })
  const { measurement } = rollout
  await rollout.go('odd')
  const told = { fingerprint: 'f1', route: 'GET /search', name: 'RangeError', exposedSubjects: 2, controlSubjects: 0 }
  let kinds = [told]
  const newWindows = measurement.newWindows
  measurement.newWindows = async (goId, nowMs) =>
    (await newWindows(goId, nowMs)).map((window) => ({ ...window, newErrorKinds: kinds }))
  await rollout.step()

  const held = await rollout.state('odd')
  kinds = [{ ...told, controlSubjects: 1 }]
  await rollout.step()

  expect(held.held).toMatchObject({ cause: 'new-error', fingerprint: 'f1' })
  expect(held.held?.reason).toContain('RangeError at GET /search was never seen before')
  const released = await rollout.state('odd')
  expect(released.held).toBeUndefined()
  expect(released.state).toBe('exposed')
}, 60_000)

test('an error that a person let through does not hold the change again', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['odd'] })
  const { measurement } = rollout
  await rollout.go('odd')
  const told = { fingerprint: 'f1', route: 'GET /search', name: 'RangeError', exposedSubjects: 2, controlSubjects: 0 }
  const newWindows = measurement.newWindows
  measurement.newWindows = async (goId, nowMs) =>
    (await newWindows(goId, nowMs)).map((window) => ({ ...window, newErrorKinds: [told] }))
  await rollout.step()
  expect((await rollout.state('odd')).held?.cause).toBe('new-error')

  await requestGo(rollout.journal, { change: 'odd', actor: 'ama' })
  for (let n = 0; n < 3; n++) await rollout.step()

  expect((await rollout.state('odd')).held).toBeUndefined()
}, 60_000)

test('a change is shown to nobody while nobody reports, says so once, and goes out when they do', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['good'] })
  const { settings } = rollout.measurement
  const well = settings.liveness
  settings.liveness = { processes: [], requests: 0, expected: 0 }
  await rollout.go('good')
  for (let n = 0; n < 3; n++) await rollout.step()

  const waiting = await rollout.state('good')
  const told = (await rollout.journal.read()).filter((record) => record.type === 'step-failed').length
  settings.liveness = well
  await rollout.step()

  expect(waiting).toMatchObject({ state: 'exposed', stage: 0, share: 0, failing: { step: 'wait' } })
  expect(told).toBe(1)
  expect(await rollout.state('good')).toMatchObject({ stage: 1, share: 0.02, failing: undefined })
}, 60_000)
