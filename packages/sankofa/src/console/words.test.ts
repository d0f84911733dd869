import { expect, test } from 'vitest'
import { ago, count, duration, list, money, percent, sentence } from './words.ts'

const plain = (text: string): string => text.replaceAll(/\u00a0/g, ' ')

test('figures are told as a person would', () => {
  expect([0, 0.0004, 0.0123, 0.1, 0.9997, 1].map(percent).map(plain)).toEqual([
    '0 %',
    '0.04 %',
    '1.2 %',
    '10 %',
    '99.9 %',
    '100 %',
  ])
  expect([14, 1_480, 1_234_567].map(count).map(plain)).toEqual(['14', '1,480', '1,234,567'])
  expect([900, 89_000, 120_000, 7_200_000, 400_000_000].map(duration)).toEqual([
    '1 s',
    '89 s',
    '2 minutes',
    '2 hours',
    '5 days',
  ])
  expect([2_000, 59_000, 60_000, 119_000, 120_000].map(ago)).toEqual([
    'less than a minute ago',
    'less than a minute ago',
    'a minute ago',
    'a minute ago',
    '2 minutes ago',
  ])
})

test('money keeps its minor units while it is little', () => {
  expect([money(18_450_000n, 'NGN'), money(950n, 'USD'), money(-1_250n, 'USD'), money(1_234n, 'JPY')]).toEqual([
    '₦184,500',
    '$9.50',
    '-$13',
    '¥1,234',
  ])
})

test('lists and sentences end as they should', () => {
  expect([list([]), list(['a']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c'])
  expect([sentence('no stop'), sentence('asked? '), sentence('said “so”')]).toEqual(['no stop.', 'asked?', 'said “so”'])
})
