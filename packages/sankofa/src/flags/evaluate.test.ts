import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import { createDraw, createEvaluator, type Evaluator } from './evaluate.ts'
import type { Flag } from './flag.ts'
import type { FlagState } from './known-state.ts'
import { createSubjectKey } from './subject-key.ts'
import { aFlag, subjects } from './testing/fixtures.ts'

const subjectKey = createSubjectKey('secret')
const change = changeId('new-checkout')
const out: FlagState = {
  flag: 'new-checkout',
  change,
  goId: 7n,
  salt: 'salt-1',
  stage: 2,
  share: 0.1,
  shareBefore: 0.02,
  settled: false,
}

const evaluator = (state: Partial<FlagState> = {}, flag: Flag = aFlag(), overridden = false): Evaluator => {
  const whole = { ...out, ...state }
  return createEvaluator(flag, whole, { subjectKey, overridden, draw: createDraw(whole.salt) })
}
const isOn = (id: string, state: Partial<FlagState> = {}, flag?: Flag, overridden?: boolean): boolean =>
  evaluator(state, flag, overridden).isOn(subjectKey(id), {})

const anyShare = fc.double({ min: 0, max: 1, noNaN: true })
const anySubject = fc.string({ minLength: 1, maxLength: 40 })

describe('the draw', () => {
  test('a subject gets the same answer every time, from every evaluator', () => {
    fc.assert(
      fc.property(anySubject, anyShare, fc.string(), (id, share, salt) => {
        expect(isOn(id, { share, salt })).toBe(isOn(id, { share, salt }))
      }),
    )
  })

  test('whoever is exposed in a stage stays exposed in every larger one', () => {
    fc.assert(
      fc.property(anySubject, fc.tuple(anyShare, anyShare), fc.string(), (id, shares, salt) => {
        const [smaller, larger] = [Math.min(...shares), Math.max(...shares)]

        if (isOn(id, { share: smaller, salt })) expect(isOn(id, { share: larger, salt })).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('fresh are exactly those who were not exposed in the stage before', () => {
    for (const id of subjects(2_000)) {
      const exposure = evaluator().exposure(subjectKey(id), {})

      expect(exposure).toEqual({
        change,
        goId: 7n,
        stage: 2,
        exposed: isOn(id, { share: 0.1 }),
        fresh: !isOn(id, { share: 0.02 }),
      })
    }
  })

  test('is uniform: 100,000 subjects in 100 bins pass a chi-square test', () => {
    const draw = createDraw('salt-1')
    const bins = new Array<number>(100).fill(0)
    for (const id of subjects(100_000)) {
      const bin = Math.floor(draw(subjectKey(id)) * 100)
      bins[bin] = (bins[bin] ?? 0) + 1
    }

    const chiSquare = bins.reduce((sum, n) => sum + (n - 1_000) ** 2 / 1_000, 0)
    // 99 degrees of freedom: 148 is passed by 1 salt in 1,000; below 57 it would be too even to be random.
    expect(chiSquare).toBeLessThan(148)
    expect(chiSquare).toBeGreaterThan(57)
  })

  test('is independent between salts: a 10 × 10 table of two salts passes a chi-square test', () => {
    const [first, second] = [createDraw('salt-1'), createDraw('salt-2')]
    const table = new Array<number>(100).fill(0)
    for (const id of subjects(100_000)) {
      const key = subjectKey(id)
      const cell = Math.floor(first(key) * 10) * 10 + Math.floor(second(key) * 10)
      table[cell] = (table[cell] ?? 0) + 1
    }
    const sum = (cells: readonly number[]): number => cells.reduce((total, n) => total + n, 0)
    const rows = Array.from({ length: 10 }, (_, row) => sum(table.slice(row * 10, row * 10 + 10)))
    const columns = Array.from({ length: 10 }, (_, column) => sum(table.filter((_n, cell) => cell % 10 === column)))

    const chiSquare = table.reduce((total, n, cell) => {
      const expected = ((rows[Math.floor(cell / 10)] ?? 0) * (columns[cell % 10] ?? 0)) / 100_000
      return total + (n - expected) ** 2 / expected
    }, 0)
    // 81 degrees of freedom, 1 in 1,000.
    expect(chiSquare).toBeLessThan(125)
  })
})

describe('who is asked first', () => {
  const flag = aFlag({
    named: { on: ['tester'], off: ['bank-robot'] },
    rules: [
      { when: { attribute: 'country', in: ['KE'] }, treat: 'off' },
      { when: { attribute: 'staff', equals: true }, treat: 'on' },
    ],
  })

  test('named subjects come before rules, and rules before the draw', () => {
    const small = evaluator({ share: 0.000_001 }, flag)
    const large = evaluator({ share: 0.999_999 }, flag)

    expect(small.isOn(subjectKey('tester'), { country: 'KE' })).toBe(true)
    expect(large.isOn(subjectKey('bank-robot'), { staff: true })).toBe(false)
    expect(large.isOn(subjectKey('ama'), { country: 'KE' })).toBe(false)
    expect(small.isOn(subjectKey('ama'), { staff: true })).toBe(true)
    expect(large.isOn(subjectKey('ama'), {})).toBe(true)
  })

  test('only randomised subjects are measured', () => {
    const live = evaluator({}, flag)
    const measured = (id: string, attributes: Record<string, boolean | string>): boolean =>
      live.exposure(subjectKey(id), attributes) !== undefined

    expect(measured('tester', {})).toBe(false)
    expect(measured('bank-robot', {})).toBe(false)
    expect(measured('ama', { country: 'KE' })).toBe(false)
    expect(measured('ama', { staff: true })).toBe(false)
    expect(measured('ama', {})).toBe(true)
  })

  test('a change at share 0 is off for everyone, named subjects included, and measures nobody', () => {
    const paused = evaluator({ share: 0 }, flag)

    expect(paused.isOn(subjectKey('tester'), {})).toBe(false)
    expect(paused.isOn(subjectKey('ama'), { staff: true })).toBe(false)
    expect(paused.exposure(subjectKey('ama'), {})).toBeUndefined()
  })

  test('a change that is taken back on this host is off for everyone, and measures nobody here', () => {
    const back = evaluator({ share: 0.99 }, flag, true)

    expect(subjects(200).some((id) => back.isOn(subjectKey(id), {}))).toBe(false)
    expect(back.isOn(subjectKey('tester'), {})).toBe(false)
    expect(back.exposure(subjectKey('ama'), {})).toBeUndefined()
  })

  test('a settled flag is on for everyone, named off included, and measures nobody', () => {
    const settled = evaluator({ share: 1, shareBefore: 1, settled: true, goId: undefined }, flag)

    expect(settled.isOn(subjectKey('bank-robot'), { country: 'KE' })).toBe(true)
    expect(settled.exposure(subjectKey('ama'), {})).toBeUndefined()
  })
})
