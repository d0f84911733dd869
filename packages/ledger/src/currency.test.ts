import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exponentOf, formatAmount, parseAmount } from './currency.ts'

test('what is formatted is read back as the same amount, in currencies of 0, 2 and 3 digits', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.constantFrom('NGN', 'USD', 'XOF', 'TND'),
      (amount, currency) => {
        expect(parseAmount(formatAmount(amount, currency), currency)).toBe(amount)
      },
    ),
  )
})

test('the exponents are those of ISO 4217 where Intl disagrees', () => {
  expect(['COP', 'HUF', 'IDR', 'IQD', 'PKR'].map(exponentOf)).toEqual([2, 2, 2, 3, 2])
})

test.each(['1.234', '1e5', '', '.5', '1,000', 'NaN', '--1', ' 1'])('"%s" is refused as an amount in NGN', (text) => {
  expect(() => parseAmount(text, 'NGN')).toThrow('is not an amount in NGN')
})

test('a currency that is not listed is refused, also one that is a word of JavaScript', () => {
  expect(() => exponentOf('constructor')).toThrow('Add it with its exponent')
})
