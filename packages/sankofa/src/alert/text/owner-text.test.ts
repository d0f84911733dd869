import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMoney } from './money.ts'
import { type OwnerStory, ownerText, type StillWhy } from './owner-text.ts'
import { usesJargon, wordCount } from './owner-words.ts'
import { duration, timesIn } from './time.ts'

const lagos = timesIn('Africa/Lagos')
const words = {
  problem: 'Checkout problem',
  couldNot: 'could not pay for orders',
  previous: 'the previous checkout',
  normal: 'payments',
}
const story: OwnerStory = {
  words,
  from: new Date('2026-11-23T13:20:10Z'),
  customers: 23,
  worth: [{ currency: 'NGN', amount: 18_450_000n }],
  worthIsLeast: false,
  now: new Date('2026-11-23T13:36:30Z'),
  state: {
    is: 'over',
    fixedAt: new Date('2026-11-23T13:26:10Z'),
    normalForMs: 10 * 60_000 + 20_000,
    toldBefore: false,
  },
}

test('the owner reads what happened, to whom, for how much, and what to do', () => {
  expect(ownerText(story, lagos).body).toBe(
    'Checkout problem, fixed at 14:26. From 14:20, 23 customers could not pay for orders worth ₦184,500. ' +
      'Everyone is back on the previous checkout; payments have been normal for 10 minutes. You: nothing now.',
  )
})

test('what is not known is said, not guessed', () => {
  expect(ownerText({ ...story, worth: undefined }, lagos).body).toContain('What that was worth is not known yet.')
  expect(ownerText({ ...story, state: { is: 'still', why: { is: 'not-known' } } }, lagos).body).toContain(
    'Whether payments are normal again is not known yet.',
  )
})

test('an amount that is only known in part is called a lower bound', () => {
  expect(ownerText({ ...story, worthIsLeast: true }, lagos).body).toContain('worth at least ₦184,500.')
})

test('a problem of the day before says the day', () => {
  expect(ownerText({ ...story, from: new Date('2026-11-22T13:20:10Z') }, lagos).body).toContain('From 14:20 on 22 Nov')
})

const anyWhy: fc.Arbitrary<StillWhy> = fc.oneof(
  fc.constantFrom({ is: 'taking-back' } as const, { is: 'not-normal-yet' } as const, { is: 'not-known' } as const),
  fc.record({
    is: fc.constant('waiting-for-people' as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    since: fc.date({ noInvalidDate: true }),
  }),
)
const anyText = fc.oneof(
  fc.string({ maxLength: 400 }),
  fc.lorem({ maxCount: 60 }),
  fc.constant('the deployed migration, Flag, error rate, rollback'),
)
const anyDate = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
const anyStory: fc.Arbitrary<OwnerStory> = fc.record({
  words: fc.record({ problem: anyText, couldNot: anyText, previous: anyText, normal: anyText }),
  from: anyDate,
  customers: fc.nat(),
  worth: fc.option(
    fc.array(fc.record({ currency: fc.stringMatching(/^[A-Z]{3}$/), amount: fc.bigInt({ min: 0n, max: 2n ** 63n }) }), {
      maxLength: 9,
    }),
    { nil: undefined },
  ),
  worthIsLeast: fc.boolean(),
  now: anyDate,
  state: fc.oneof(
    fc.record({ is: fc.constant('over' as const), fixedAt: anyDate, normalForMs: fc.nat(), toldBefore: fc.boolean() }),
    fc.record({ is: fc.constant('still' as const), why: anyWhy }),
  ),
})

test('whatever the figures and whatever a config says: at most 90 words, no jargon', () => {
  fc.assert(
    fc.property(anyStory, (any) => {
      const text = ownerText(any, lagos)
      expect(wordCount(text.body)).toBeLessThanOrEqual(90)
      expect(usesJargon(`${text.subject} ${text.body}`)).toBe(false)
      expect(text.body).toContain(any.customers.toLocaleString('en'))
    }),
    { numRuns: 1_000 },
  )
})

test('the words that owners should not have to know are found in all their forms', () => {
  for (const word of ['Rollback', 'rolled back', 'deployment', 'flags', 'migration', 'error rate']) {
    expect(usesJargon(`the ${word} x`), word).toBe(true)
  }
  expect(usesJargon('a flagship store on the highway back')).toBe(false)
})

test('money is written from its integer, with the digits of its currency', () => {
  const cases: readonly (readonly [string, bigint, string])[] = [
    ['NGN', 18_450_000n, '₦184,500'],
    ['USD', 1_205n, '$12.05'],
    ['JPY', 1_234n, '¥1,234'],
    ['KWD', 1_234n, 'KWD 1.234'],
    ['KES', 5n, 'KES 0.05'],
    ['NGN', 900_719_925_474_099_312n, '₦9,007,199,254,740,993.12'],
    ['USD', -150n, '-$1.50'],
  ]
  for (const [currency, amount, text] of cases) expect(formatMoney({ currency, amount })).toBe(text)
})

test('durations are written as people say them', () => {
  expect([400, 34_000, 125_000, 7_500_000].map(duration)).toEqual(['0.4 s', '34 s', '2 min', '2 h 5 min'])
})
