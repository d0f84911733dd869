import { expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import type { JournalRecord } from '../journal/index.ts'
import { recordWords } from './history.ts'
import { reachOf } from './reach.ts'

const plain = (text: string): string => text.replaceAll(/\u00a0/g, ' ')

const exposed = (kind: JournalRecord['kind'], share: number): string =>
  plain(
    recordWords({
      type: 'exposed',
      kind,
      change: changeId('one'),
      data: { stage: 1, share },
    } as unknown as JournalRecord),
  )

test('who has a change is said in the words of its kind', () => {
  const said = (['flag', 'release', 'migration', 'tunable'] as const).map((kind) => {
    const { has, being, watched, is } = reachOf(kind)
    return [has(0), has(1), being(1), watched(1), is(1)].map(plain)
  })

  expect(said).toEqual([
    [
      'Nobody',
      '100 % of customers',
      'Being shown to 100 % of customers.',
      'Watched at 100 %.',
      'is out to 100 % of customers',
    ],
    [
      'Nobody',
      '100 % of customers',
      'Being given to 100 % of customers.',
      'Watched at 100 %.',
      'is out to 100 % of customers',
    ],
    ['Not applied', 'Applied, for everyone', 'Being applied.', 'Applied, and watched.', 'is applied'],
    ['Nobody', 'Everyone', 'Being set for everyone.', 'Set for everyone, and watched.', 'is set for everyone'],
  ])
})

test('the history says what was done, and names a stage where there are several', () => {
  expect([exposed('flag', 0.1), exposed('release', 0.1), exposed('migration', 1), exposed('tunable', 1)]).toEqual([
    'showed it to 10 % of customers (stage 1).',
    'gave it to 10 % of customers (stage 1).',
    'applied it.',
    'set it for everyone.',
  ])
})
