import { expect, type TestDatabase, test } from '#harness'
import { attemptSteps, unfinishedAttempts } from './index.ts'

const types = { attempted: 'checkout.attempted', completed: 'order.paid' }
const startMs = Date.parse('2026-11-23T13:20:00Z')
const at = (second: number): Date => new Date(startMs + second * 1_000)

type Row = readonly [
  second: number,
  kind: 'tried' | 'paid',
  who: string,
  reference?: string | null,
  exposed?: boolean,
  amount?: number | null,
]

async function write(db: TestDatabase, rows: readonly Row[]): Promise<void> {
  for (const [second, kind, who, reference = null, exposed = true, amount = 100] of rows) {
    await db.pool.query(
      `insert into sankofa.event (at, type, subject, actor, reference, amount, currency, exposed_to, hash)
       values ($1, $2, $3, 'customer', $4, $5, 'NGN', $6, '')`,
      [
        at(second),
        kind === 'tried' ? types.attempted : types.completed,
        who,
        reference,
        amount,
        exposed ? ['demo'] : [],
      ],
    )
  }
}

const count = (
  db: TestDatabase,
  more: { readonly exposedTo?: string; readonly notExposedTo?: string } = { exposedTo: 'demo' },
) => unfinishedAttempts(db.pool, types, { from: at(0), to: at(60), ...more })

test('who began and was not done could not; retries of one order count once, with its last worth', async ({ db }) => {
  await write(db, [
    [1, 'tried', 'ama', 'a1', true, 100],
    [3, 'tried', 'ama', 'a1', true, 150],
    [5, 'tried', 'ama', 'a2', true, 1_000],
    [7, 'tried', 'kofi', 'k1'],
    [8, 'paid', 'kofi', 'k1'],
  ])

  expect(await count(db)).toEqual({
    attempted: 2,
    couldNot: 1,
    worth: [{ currency: 'NGN', amount: 1_150n }],
    withoutAmount: 0,
    firstAt: at(3),
  })
})

test('a completion finishes only what it follows and belongs to', async ({ db }) => {
  await write(db, [
    [1, 'paid', 'before', 'x'],
    [2, 'tried', 'before', 'x'],
    [3, 'tried', 'other-order', 'x'],
    [4, 'paid', 'other-order', 'y'],
    [5, 'tried', 'somebody-else', 'z'],
    [6, 'paid', 'not-somebody-else', 'z'],
    [50, 'tried', 'too-late', 't'],
    [71, 'paid', 'too-late', 't'],
    [59, 'tried', 'just-in-time', 'j'],
    [70, 'paid', 'just-in-time', 'j'],
  ])

  expect(await count(db)).toMatchObject({ attempted: 5, couldNot: 4 })
})

test('events without a reference are matched by customer alone', async ({ db }) => {
  await write(db, [
    [1, 'tried', 'both-without'],
    [2, 'paid', 'both-without'],
    [3, 'tried', 'paid-without', 'p'],
    [4, 'paid', 'paid-without'],
    [5, 'tried', 'tried-without'],
    [6, 'paid', 'tried-without', 't'],
    [7, 'tried', 'never'],
    [8, 'tried', 'never'],
  ])

  expect(await count(db)).toMatchObject({ attempted: 4, couldNot: 1, worth: [{ currency: 'NGN', amount: 100n }] })
})

test('exposed customers and all others are told apart by what they were at that moment', async ({ db }) => {
  await write(db, [
    [1, 'tried', 'ama', 'a'],
    [2, 'tried', 'kofi', 'k', false],
    [3, 'tried', 'esi', 'e', false, null],
  ])

  expect(await count(db)).toMatchObject({ attempted: 1, couldNot: 1 })
  expect(await count(db, { notExposedTo: 'demo' })).toMatchObject({ attempted: 2, couldNot: 2, withoutAmount: 1 })
  expect(await count(db, {})).toMatchObject({ attempted: 3, couldNot: 3 })
})

test('by step of time each attempt has 10 s, and the once exposed can be looked at alone', async ({ db }) => {
  await write(db, [
    [1, 'tried', 'ama', 'a1'],
    [12, 'tried', 'ama', 'a2', false],
    [13, 'paid', 'ama', 'a2', false],
    [14, 'tried', 'kofi', 'k', false],
    [25, 'paid', 'kofi', 'k', false],
    [31, 'tried', 'esi', 'e', false],
  ])
  const range = { fromMs: startMs, toMs: startMs + 60_000, stepMs: 10_000 }

  expect(await attemptSteps(db.pool, types, range)).toEqual([
    { startMs, attempts: 1, unfinished: 1 },
    { startMs: startMs + 10_000, attempts: 2, unfinished: 1 },
    { startMs: startMs + 30_000, attempts: 1, unfinished: 1 },
  ])
  expect(await attemptSteps(db.pool, types, { ...range, onceExposedTo: { change: 'demo', since: at(0) } })).toEqual([
    { startMs, attempts: 1, unfinished: 1 },
    { startMs: startMs + 10_000, attempts: 1, unfinished: 0 },
  ])
})
