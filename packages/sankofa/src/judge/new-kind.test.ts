import { expect, test } from 'vitest'
import { kindsToHoldFor } from './new-kind.ts'

const kind = (exposedSubjects: number, controlSubjects: number) => ({
  fingerprint: 'f',
  route: 'POST /checkout',
  name: 'TypeError',
  exposedSubjects,
  controlSubjects,
})

test('two exposed customers and no other hold the change', () => {
  expect(kindsToHoldFor([kind(2, 0)], 0.02)).toHaveLength(1)
  expect(kindsToHoldFor([kind(2, 0)], 0.1)).toHaveLength(1)
  expect(kindsToHoldFor([kind(2, 0)])).toHaveLength(1)
})

test('one customer, or a control customer who met it too, does not', () => {
  expect(kindsToHoldFor([kind(1, 0)], 0.02)).toHaveLength(0)
  expect(kindsToHoldFor([kind(9, 1)], 0.02)).toHaveLength(0)
})

test('where half are exposed two are no surprise, seven are', () => {
  expect(kindsToHoldFor([kind(2, 0)], 0.5)).toHaveLength(0)
  expect(kindsToHoldFor([kind(6, 0)], 0.5)).toHaveLength(0)
  expect(kindsToHoldFor([kind(7, 0)], 0.5)).toHaveLength(1)
})
