import { expect, test } from 'vitest'
import { buildGuards } from '../judge/index.ts'
import { certaintyWords, failureWords, happenedWords, toEvidence } from './evidence.ts'
import { aReading } from './testing/seed-house.ts'

const guards = buildGuards({
  routes: [{ route: 'POST /checkout', requests: 9_000, thresholdsUs: { p75: 1, p90: 2, p95: 3, p99: 4 } }],
  attempts: ['checkout'],
})
const reading = (share: number, exposed = 5) =>
  aReading({ stage: 1, share, exposed: { subjects: 14, failures: exposed }, control: { subjects: 1_480, failures: 3 } })
const plain = (text: string): string => text.replaceAll(/\u00a0/g, ' ')

test('evidence is told by how far it has come', () => {
  const words = [-0.5, 0.05, 0.3, 0.7, 1.2].map((share) => plain(toEvidence(reading(share), guards).words))

  expect(words).toEqual([
    'Nothing speaks against it, with 14 customers seen.',
    'Nothing speaks against it, with 14 customers seen.',
    'Weak: with it 5 of 14 could not complete a checkout, without it 3 of 1,480.',
    'Strong, not yet enough: with it 5 of 14 could not complete a checkout, without it 3 of 1,480.',
    'Enough to take it back: with it 5 of 14 could not complete a checkout, without it 3 of 1,480.',
  ])
})

test('where there is no control requests are counted, and are not called customers', () => {
  const counted = (share: number) => {
    const base = reading(share)
    const guards = base.guards.map((guard) => ({ ...guard, guard: 'after against before' }))
    return toEvidence({ ...base, leading: 'after against before', guards }, [])
  }

  expect(plain(counted(0).words)).toBe('Nothing speaks against it, with 14 requests seen.')
  expect(plain(counted(1).words)).toBe('Enough to take it back: with it 5 of 14 requests failed, before it 3 of 1,480.')
  expect(plain(happenedWords(counted(1)))).toBe('With it 36 % of requests failed; before it 0.2 %.')
})

test('the bar stays between nothing and the threshold', () => {
  expect([-2, 0, 0.5, 1, 7].map((share) => toEvidence(reading(share), guards).share)).toEqual([0, 0, 0.5, 1, 1])
})

test('what a customer met is said for every guard, without statistics', () => {
  expect(guards.map((guard) => failureWords(guard.id, guard))).toEqual([
    'met an error',
    'got no answer',
    'could not complete a checkout',
    'waited longer than 75 in 100 did before',
    'waited longer than 90 in 100 did before',
    'waited longer than 95 in 100 did before',
    'waited longer than 99 in 100 did before',
    'met an error at POST /checkout',
  ])
})

test('what happened is told in shares of those who had it and of those who did not', () => {
  expect(plain(happenedWords(toEvidence(reading(1.2), guards)))).toBe(
    'Of those who had it, 36 % could not complete a checkout; of those who did not, 0.2 %.',
  )
})

test('certainty is the promise of the method: evidence of 1,000 comes up in at most one of 1,000 harmless rollouts', () => {
  const strong = { ...reading(1), logEvidence: Math.log(1_000.5) }
  expect(plain(certaintyWords(strong))).toBe(
    'A harmless change would look this bad by chance in at most one of 1,000 rollouts.',
  )
  expect(certaintyWords({ ...strong, logEvidence: 40 })).toContain('fewer than one of a million')
  expect(certaintyWords({ ...strong, assumption: 'traffic stays as it was' })).toContain('rests on an assumption')
})
