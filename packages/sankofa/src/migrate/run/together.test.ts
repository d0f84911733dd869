import { expect, test } from '#harness'
import type { StepClient } from '../migration.ts'
import type { Sent } from './run-step.ts'
import { type Companion, together } from './together.ts'

const client = {} as StepClient
const sent: Sent = { sql: 'select 1', index: 0, inTransaction: true }

const noting = (name: string, told: string[], instead?: readonly string[]): Companion => ({
  watcher: {
    before: async () => {
      told.push(`${name} before`)
      return instead
    },
    after: async () => void told.push(`${name} after`),
  },
  frame: {
    begun: async () => void told.push(`${name} begun`),
    ending: async () => void told.push(`${name} ending`),
  },
})

test('they stand around a step like brackets', async () => {
  const told: string[] = []
  const { watcher, frame } = together(noting('outer', told), {}, noting('inner', told))

  await frame.begun?.(0, client)
  await watcher.before?.(sent, client)
  await watcher.after?.(sent, client)
  await frame.ending?.(0, client, true)

  const order = ['outer begun', 'inner begun', 'outer before', 'inner before']
  expect(told).toEqual([...order, 'inner after', 'outer after', 'inner ending', 'outer ending'])
})

test('one may replace a statement, two may not', async () => {
  const one = together(noting('a', []), noting('b', [], ['select 2']))
  const two = together(noting('a', [], ['select 3']), noting('b', [], ['select 2']))

  expect(await one.watcher.before?.(sent, client)).toEqual(['select 2'])
  await expect(two.watcher.before?.(sent, client)).rejects.toThrow(
    'two watchers want to replace the same statement: select 1',
  )
})

test('the step begins where the furthest of them says', () => {
  expect(together({ frame: { firstUnit: 2 } }, {}, { frame: { firstUnit: 1 } }).frame.firstUnit).toBe(2)
  expect(together({}, {}).frame.firstUnit).toBeUndefined()
})
