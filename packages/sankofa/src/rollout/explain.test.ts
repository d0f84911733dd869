import { expect, test } from 'vitest'
import type { Reading } from '../judge/index.ts'
import { explain } from './explain.ts'

const aReading = (guard: string, logEvidence: number): Reading =>
  ({
    logEvidence,
    threshold: Math.log(100),
    leading: guard,
    guards: [{ guard, exposed: { failures: 71, subjects: 79 }, control: { failures: 3, subjects: 1_960 } }],
  }) as unknown as Reading

test('evidence that nobody can weigh any more is not printed figure by figure', () => {
  expect(explain(aReading('errors', 400))).toContain('Evidence over a million to 1, undone at 100.')
  expect(explain(aReading('errors', Math.log(148)))).toContain('Evidence 148 to 1')
})

test('without a control it is requests that failed, not customers', () => {
  expect(explain(aReading('after against before', 7))).toContain(
    '71 of 79 requests after it failed, 3 of 1,960 before it.',
  )
})
