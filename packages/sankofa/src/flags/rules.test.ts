import { expect, test } from 'vitest'
import { type Attributes, type Condition, compileRules } from './rules.ts'

const holds = (condition: Condition, attributes: Attributes): boolean =>
  compileRules([{ when: condition, treat: 'on' }], 'off')(attributes) === 'on'

test.each<[Condition, Attributes, boolean]>([
  [{ attribute: 'country', equals: 'NG' }, { country: 'NG' }, true],
  [{ attribute: 'country', equals: 'NG' }, { country: 'GH' }, false],
  [{ attribute: 'age', equals: 18 }, { age: '18' }, false],
  [{ attribute: 'country', in: ['NG', 'GH'] }, { country: 'GH' }, true],
  [{ attribute: 'country', in: ['NG', 'GH'] }, { country: 'KE' }, false],
  [{ attribute: 'country', notIn: ['NG'] }, { country: 'KE' }, true],
  [{ attribute: 'country', notIn: ['NG'] }, { country: 'NG' }, false],
  [{ attribute: 'email', startsWith: 'test+' }, { email: 'test+1@shop.example' }, true],
  [{ attribute: 'email', startsWith: 'test+' }, { email: 'ama@shop.example' }, false],
  [{ attribute: 'age', startsWith: '1' }, { age: 18 }, false],
])('%j on %j is %s', (condition, attributes, expected) => {
  expect(holds(condition, attributes)).toBe(expected)
})

test('a condition on an attribute that the request does not carry is false, notIn included', () => {
  const conditions: readonly Condition[] = [
    { attribute: 'country', equals: 'NG' },
    { attribute: 'country', in: ['NG'] },
    { attribute: 'country', notIn: ['NG'] },
    { attribute: 'country', startsWith: '' },
  ]

  expect(conditions.map((condition) => holds(condition, {}))).toEqual([false, false, false, false])
})

test('the first rule whose conditions all hold decides', () => {
  const treat = compileRules(
    [
      {
        when: [
          { attribute: 'country', equals: 'NG' },
          { attribute: 'staff', equals: true },
        ],
        treat: 'on',
      },
      { when: { attribute: 'country', equals: 'NG' }, treat: 'randomised' },
    ],
    'off',
  )

  expect(treat({ country: 'NG', staff: true })).toBe('on')
  expect(treat({ country: 'NG', staff: false })).toBe('randomised')
  expect(treat({ country: 'KE', staff: true })).toBe('off')
})
