import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { defineFlag, isExpired } from './flag.ts'
import { aFlag } from './testing/fixtures.ts'
import { defineTunable } from './tunable.ts'

const problemsOf = (define: () => unknown): readonly string[] => {
  try {
    define()
    return []
  } catch (error) {
    return (error as { details: { problems: readonly string[] } }).details.problems
  }
}

describe('a flag', () => {
  test('names every wrong setting at once', () => {
    const problems = problemsOf(() =>
      defineFlag({
        id: 'New Checkout',
        title: ' ',
        owner: '',
        expires: '2026-02-30',
        named: { on: ['ama'], off: ['ama'] },
        rules: [{ when: [], treat: 'on' }],
      }),
    )

    expect(problems).toHaveLength(6)
    expect(problems.join('\n')).toContain('"2026-02-30"')
  })

  test('is expired only after its last day', () => {
    const flag = aFlag({ expires: '2026-11-23' })

    expect(isExpired(flag, Date.parse('2026-11-23T23:59:59.999Z'))).toBe(false)
    expect(isExpired(flag, Date.parse('2026-11-24T00:00:00Z'))).toBe(true)
  })
})

describe('a tunable', () => {
  const fee = { id: 'fee', title: 'Fee', owner: 'payments', schema: Type.Integer({ minimum: 0, maximum: 500 }) }

  test('refuses an initial value that its schema refuses, and says why', () => {
    const [problem] = problemsOf(() => defineTunable({ ...fee, initial: 501 }))

    expect(problem).toMatch(/initial is 501: the value must be <= 500/)
  })

  test('refuses a value that JSON would change', () => {
    const validate = (value: unknown): unknown => value
    const problems = problemsOf(() =>
      defineTunable({ id: 'day', title: 'Day', owner: 'shop', initial: new Date(0), validate }),
    )

    expect(problems).toEqual([expect.stringContaining('does not survive JSON')])
  })

  test('parses by its schema', () => {
    const tunable = defineTunable({ ...fee, initial: 150 })

    expect(tunable.parse(0)).toBe(0)
    expect(() => tunable.parse('12')).toThrow('integer')
  })
})
