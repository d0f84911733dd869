import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contentDigest, type EventContent } from './canonical.ts'
import { toPlain } from './plain.ts'
import { namesSecret } from './secrets.ts'

const content: EventContent = {
  type: 'order.paid',
  subject: 'a1',
  actor: 'customer',
  reference: 'order-1',
  amount: 184_500n,
  currency: 'NGN',
  before: { balance: '200000' },
  after: { balance: '15500' },
  data: { lines: 2 },
  requestId: 'request-1',
  release: 'r1',
  exposedTo: ['demo'],
}

test('every field that an event carries changes its digest', () => {
  const other: EventContent = {
    type: 'order.lost',
    subject: 'a2',
    actor: 'desk',
    reference: undefined,
    amount: 184_501n,
    currency: 'USD',
    before: null,
    after: { balance: 15_500 },
    data: { lines: '2' },
    requestId: undefined,
    release: 'r2',
    exposedTo: [],
  }

  for (const field of Object.keys(content)) {
    const changed = { ...content, [field]: other[field as keyof EventContent] }
    expect(contentDigest(changed).equals(contentDigest(content)), field).toBe(false)
  }
})

test('moving text from one field into its neighbour changes the digest', () => {
  expect(contentDigest({ ...content, type: 'order.pai', subject: 'da1' }).equals(contentDigest(content))).toBe(false)
})

test('the digest does not depend on the order of keys', () => {
  expect(contentDigest({ ...content, data: { a: 1, b: [2] } })).toEqual(
    contentDigest({ ...content, data: { b: [2], a: 1 } }),
  )
})

test('what is plain JSON already stays as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value)
      fc.pre(!text.includes('\\u0000'))
      // JSON has no negative zero.
      expect(toPlain(value, 'data', 'test')).toEqual(JSON.parse(text))
    }),
  )
})

test('money beyond what a number holds keeps every digit', () => {
  expect(toPlain({ balance: 9_007_199_254_740_993n }, 'after', 'test')).toEqual({ balance: '9007199254740993' })
})

test('a field that is named like a secret is refused wherever it stands', () => {
  const planted = [
    'password',
    'newPassword',
    'access_token',
    'cardNumber',
    'card',
    'CVV',
    'x-api-key',
    'PIN',
    'setCookie',
  ]

  for (const key of planted) {
    expect(() => toPlain({ deep: [{ [key]: 'x' }] }, 'data', 'user.changed'), key).toThrow(
      expect.objectContaining({
        code: 'EVENT_HAS_SECRET',
        details: { type: 'user.changed', path: `data.deep[0].${key}` },
      }),
    )
  }
})

test('harmless names that contain the letters of a secret are kept', () => {
  for (const key of ['shippingAddress', 'company', 'spinner', 'discard', 'panel', 'expansion', 'pinned', 'cartId']) {
    expect(namesSecret(key), key).toBe(false)
  }
})

test('what PostgreSQL or JSON would change in silence is refused', () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const values = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    'a\u0000b',
    '\ud800',
    new Map(),
    () => 0,
    new Date(Number.NaN),
    circle,
  ]

  for (const value of values) {
    expect(() => toPlain({ value }, 'data', 'test')).toThrow(expect.objectContaining({ code: 'EVENT_UNWRITABLE' }))
  }
})
