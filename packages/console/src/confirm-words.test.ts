import { expect, test } from 'vitest'
import { explain, questionOf } from './confirm-words.ts'

const proved = { held: null, undoProved: true, undoWords: 'Nothing is lost.' }

test('each kind of change is let out in words of its own', () => {
  const said = (['flag', 'release', 'tunable', 'migration'] as const).map((kind) => explain({ ...proved, kind }, 'go'))

  expect(new Set(said).size).toBe(4)
  expect(said[0]).toContain('a few customers first')
  expect(said[3]).toContain('applied at once, for everyone')
})

test('what meets everyone is said to have no stage and no share of customers', () => {
  for (const kind of ['migration', 'tunable'] as const) {
    const held = { ...proved, kind, held: { reason: 'It may hurt.', ask: 'Look.' } }
    const said = [explain(held, 'go'), explain(held, 'hold'), explain(held, 'back')].join(' ')

    expect(said).not.toMatch(/stage|few customers|nobody else/)
  }
  expect(questionOf({ kind: 'migration' }, 'back').title).toBe('Take it back from the database?')
  expect(explain({ ...proved, kind: 'migration' }, 'back')).toBe(
    'Its undo runs, and rows that were kept aside are put back. Nothing is lost.',
  )
})
