import { expect, test } from 'vitest'
import { changeId } from '../../core/index.ts'
import type { ChangeState, JournalRecord, ShipStep } from '../../journal/index.ts'
import { createShipLog } from './ship-log.ts'

const nowMs = Date.UTC(2026, 10, 23, 14, 26)
const change = changeId('release-5e0c11d2aa')
let id = 0n

function say(step: string, state: ShipStep['state'], agoS: number, run = 'one'): JournalRecord<'ship-step'> {
  id += 1n
  const data: ShipStep = { run, step, title: `Do ${step}`, state }
  const at = new Date(nowMs - agoS * 1_000)
  return { id, at, change, kind: 'release', type: 'ship-step', actor: 'Ama', epoch: undefined, data }
}

const states = new Map([[String(change), { change, plan: { service: 'market' } } as ChangeState]])

function runsOf(records: readonly JournalRecord<'ship-step'>[], shipping: readonly string[] = []) {
  const log = createShipLog()
  for (const record of records) log.add(record)
  return log.runs(states, new Set(shipping), nowMs)
}

test('the records of a run are its steps, in order, each with the last that was said of it', () => {
  const [run] = runsOf([say('test', 'begun', 50), say('test', 'done', 20), say('start', 'begun', 19)])

  expect(run).toMatchObject({ run: 'one', actor: 'Ama', state: 'running', words: 'Now: Do start.' })
  expect(run?.steps.map(({ step, state }) => [step, state])).toEqual([
    ['test', 'done'],
    ['start', 'begun'],
  ])
  expect(run?.startedAt).toBe(new Date(nowMs - 50_000).toISOString())
})

test('runs that take turns stay apart, and the one that spoke last comes first', () => {
  const runs = runsOf([say('test', 'begun', 50, 'a'), say('test', 'begun', 49, 'b'), say('test', 'done', 5, 'a')])

  expect(runs.map(({ run, steps }) => [run, steps.map(({ state }) => state)])).toEqual([
    ['a', ['done']],
    ['b', ['begun']],
  ])
})

test('a run is interrupted when it has been silent for more than two minutes and has not ended', () => {
  expect(runsOf([say('test', 'begun', 120)])[0]?.state).toBe('running')
  expect(runsOf([say('test', 'begun', 121)])[0]).toMatchObject({ state: 'interrupted' })
  // Killed between two steps: nothing is open, and still it is not through.
  expect(runsOf([say('test', 'done', 121)])[0]).toMatchObject({ state: 'interrupted' })
})

test('a deployer that is known to live may take long, but not the one before it', () => {
  const records = [say('test', 'begun', 900, 'killed'), say('test', 'begun', 800, 'alive')]

  expect(runsOf(records, ['market']).map(({ run, state }) => [run, state])).toEqual([
    ['alive', 'running'],
    ['killed', 'interrupted'],
  ])
  expect(runsOf(records, ['mail']).map(({ state }) => state)).toEqual(['interrupted', 'interrupted'])
})

test('a run that failed has failed, however long ago, until it says the step anew', () => {
  const records = [say('test', 'begun', 900), say('test', 'failed', 800)]

  expect(runsOf(records)[0]).toMatchObject({ state: 'failed', words: expect.stringContaining('“Do test”') })
  expect(runsOf([...records, say('test', 'begun', 3)])[0]?.state).toBe('running')
})

test('a run is through when it has let its change go, however long ago', () => {
  expect(runsOf([say('go', 'done', 900)])[0]?.state).toBe('done')
  expect(runsOf([say('go', 'skipped', 900)])[0]?.state).toBe('done')
  expect(runsOf([say('go', 'begun', 900)])[0]?.state).toBe('interrupted')
  expect(runsOf([say('go', 'failed', 900)])[0]?.state).toBe('failed')
})

test('no more than fifty runs are kept', () => {
  const runs = runsOf(Array.from({ length: 60 }, (_, i) => say('test', 'done', 100 - i, `run ${i}`)))

  expect(runs).toHaveLength(50)
  expect(runs[0]?.run).toBe('run 59')
})
