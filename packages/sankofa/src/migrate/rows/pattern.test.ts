import { expect, test } from '#harness'
import { compileLike, compileRegex, textLike, textMatching } from './pattern.ts'
import { randomFrom } from './random.ts'

const patterns = [
  '^[A-Z]{3}-[0-9]{4}$',
  '^[^@ ]+@[^@ ]+\\.[a-z]{2,}$',
  '^(GHS|NGN|USD)$',
  '^\\d{4}-\\d{2}$',
  '^[a-z][a-z0-9_-]*$',
  '^#([0-9a-fA-F]{3}){1,2}$',
  '^(?:https?://)\\w+(\\.\\w+)+/?$',
  '^[[:alpha:]][[:alnum:]_]+$',
  '(?i)^ama',
  '^\\+?[1-9]\\d{1,14}$',
  '^.+$',
  '^[\\w.-]{1,8}$',
]

test('a text is made for each usual pattern', () => {
  const random = randomFrom('patterns')
  const failed = patterns.flatMap((pattern) =>
    Array.from({ length: 30 }, () => textMatching(pattern, random))
      .filter((text) => compileRegex(pattern)?.test(text) !== true)
      .map((text) => [pattern, text]),
  )

  expect(failed).toEqual([])
})

test('a text is made for what LIKE asks for', () => {
  const likes = ['%@work.example', 'https://%', 'a_c', '50\\%', '%']

  expect(likes.filter((like) => !compileLike(like).test(textLike(like, 'ama')))).toEqual([])
})

test('what JavaScript would read otherwise is not compiled', () => {
  expect(compileRegex('[[.hyphen.]]')).toBeUndefined()
  expect(compileRegex('***=a')).toBeUndefined()
})
