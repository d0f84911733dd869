import { expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import type { JournalRecord } from '../journal/index.ts'
import { recordWords } from './history.ts'

test('a change that meets everyone at once is started in one stage', () => {
  const started = {
    type: 'started',
    change: changeId('fee-bps-to-150'),
    data: { stages: [{ share: 1 }], forecast: { sentence: 'Everyone meets it at once' } },
  } as unknown as JournalRecord

  expect(recordWords(started)).toBe('started it, in one stage. Everyone meets it at once.')
})
