import { expect, test } from 'vitest'
import { ago, count, percent, shortDuration } from './words.ts'

test('a duration is told in the unit that a person would choose', () => {
  expect([400, 12_000, 89_000, 91_000, 3_600_000, 7_200_000, 400_000_000].map(shortDuration)).toEqual([
    '0 s',
    '12 s',
    '89 s',
    '2 min',
    '60 min',
    '2 h',
    '5 days',
  ])
  expect(ago(-5)).toBe('0 s ago')
})

test('a share keeps two figures and never says zero for something', () => {
  expect([0, 0.0004, 0.0123, 0.02, 0.5, 0.99, 1].map((share) => percent(share).replace('\u00a0', ' '))).toEqual([
    '0 %',
    '0.04 %',
    '1.2 %',
    '2 %',
    '50 %',
    '99 %',
    '100 %',
  ])
})

test('thousands are set apart', () => {
  expect(count(1_480)).toBe('1,480')
})
