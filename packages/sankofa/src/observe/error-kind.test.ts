import { expect, test } from 'vitest'
import { errorKind } from './error-kind.ts'

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}
const pay = (message: string): never => {
  throw new TypeError(message)
}
const ship = (): never => {
  throw new TypeError('x')
}

test('the same failure with other words and from another line is the same kind', () => {
  const one = errorKind(
    thrownBy(() => pay('card of Ama refused')),
    'POST /checkout',
    500,
  )
  const other = errorKind(
    thrownBy(() => pay('card of Esi refused')),
    'POST /checkout',
    500,
  )

  expect(other).toEqual(one)
  expect(JSON.stringify(one)).not.toContain('Ama')
})

test('another place, route, name or code is another kind', () => {
  const coded = Object.assign(new Error('x'), { code: '23505' })
  const kinds = [
    errorKind(
      thrownBy(() => pay('x')),
      'POST /checkout',
      500,
    ),
    errorKind(thrownBy(ship), 'POST /checkout', 500),
    errorKind(
      thrownBy(() => pay('x')),
      'POST /orders',
      500,
    ),
    errorKind(coded, 'POST /checkout', 500),
    errorKind(undefined, 'POST /checkout', 500),
    errorKind(undefined, 'POST /checkout', 503),
  ]

  expect(new Set(kinds.map((kind) => kind.fingerprint)).size).toBe(kinds.length)
  expect(kinds.map((kind) => kind.name)).toEqual([
    'TypeError',
    'TypeError',
    'TypeError',
    'Error 23505',
    'HTTP 500',
    'HTTP 503',
  ])
})

test('a name or code made from a value does not travel', () => {
  const error = Object.assign(new Error('x'), { name: 'no such user: ama@example.com', code: 'user ama' })

  expect(errorKind(error, 'GET /', 500).name).toBe('Error')
})
