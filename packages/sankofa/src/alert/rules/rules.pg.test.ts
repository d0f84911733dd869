import { expect, type TestDatabase, test } from '#harness'
import { createHistogram, encode } from '../../histogram/index.ts'
import { readIncidents } from '../incident.ts'
import { readNotices } from '../notice.ts'
import { alerterOn, atSecond, virtualClock } from '../testing/shop.ts'
import { readRuleStates } from './evaluate-rules.ts'

const healthy = {
  cpuHostShare: 0.2,
  memoryHostAvailableBytes: 8e9,
  memoryHostTotalBytes: 16e9,
  diskRootFreeBytes: 5e11,
  diskRootTotalBytes: 1e12,
  eventLoopDelayP99Ms: 3,
}

/** One report of one process for each 10 s window that begins from `from` to before `to`. */
async function reports(
  db: TestDatabase,
  from: number,
  to: number,
  gauges: Record<string, number>,
  options: { readonly process?: string; readonly reportedAt?: Date } = {},
): Promise<void> {
  for (let second = from; second < to; second += 10) {
    await db.pool.query(
      `insert into sankofa.process_report (window_start, process_id, service, release, requests, failures, subjects, subjects_failed, gauges, reported_at)
       values ($1, $2, 'shop', 'r1', 0, 0, 0, 0, $3, $4)`,
      [
        atSecond(second),
        options.process ?? 'p1',
        JSON.stringify({ ...healthy, ...gauges }),
        options.reportedAt ?? new Date(),
      ],
    )
  }
}

const run = async (db: TestDatabase, from: number, to: number): Promise<void> => {
  const clock = virtualClock()
  // A new alerter each time: every state must come from the table.
  for (let second = from; second <= to; second += 10) {
    clock.set(second)
    await alerterOn(db, clock).tick()
  }
}

const subjects = async (db: TestDatabase): Promise<readonly string[]> =>
  (await readNotices(db.pool)).map((notice) => notice.subject).toReversed()

const cases = [
  { rule: 'cpu', gauges: { cpuHostShare: 0.97 }, began: 'Processor busy: 97 %', over: 'Processor busy: over, 20 %' },
  {
    rule: 'memory',
    gauges: { memoryHostAvailableBytes: 1e9 },
    began: 'Memory nearly used up: 6.3 % left',
    over: 'Memory nearly used up: over, 50 % left',
  },
  {
    rule: 'disk',
    gauges: { diskRootFreeBytes: 4e10 },
    began: 'Disk nearly full: 4 % left',
    over: 'Disk nearly full: over, 50 % left',
  },
  {
    rule: 'event-loop',
    gauges: { eventLoopDelayP99Ms: 900 },
    began: 'Event loop blocked: 900 ms',
    over: 'Event loop blocked: over, 3 ms',
  },
] as const
for (const { rule, gauges, began, over } of cases) {
  test(`rule "${rule}" is told once when it begins and once when it is over, across restarts`, async ({ db }) => {
    await reports(db, -60, 700, gauges, { process: 'bad' })
    await reports(db, -60, 1_200, {}, { process: 'good' })
    await reports(db, 700, 1_200, {}, { process: 'bad' })

    await run(db, 0, 1_200)

    expect(await subjects(db)).toEqual([began, over])
    expect(await readIncidents(db.pool)).toMatchObject([{ subject: `rule:${rule}`, state: 'recovered' }])
  })
}

test('reports that stop make a rule unknown, and its incident stays open', async ({ db }) => {
  await reports(db, 0, 300, { diskRootFreeBytes: 4e10 })

  await run(db, 0, 900)

  expect(await subjects(db)).toEqual(['Disk nearly full: 4 % left'])
  expect((await readRuleStates(db.pool)).get('disk')).toMatchObject({ state: 'unknown', open: true })
  expect(await readIncidents(db.pool, { open: true })).toMatchObject([{ subject: 'rule:disk' }])
})

test('failing requests are told, and too few requests are unknown', async ({ db }) => {
  const cell = (second: number, n: number, errors: number) =>
    db.pool.query(
      `insert into sankofa.cell (window_start, process_id, route, status_class, release, n, errors, sum_us, max_us, histogram)
       values ($1, 'p1', '/search', '5xx', 'r1', $2, $3, 0, 0, $4)`,
      [atSecond(second), n, errors, encode(createHistogram())],
    )
  for (let second = -60; second < 300; second += 10) await cell(second, 100, 20)
  for (let second = 300; second < 600; second += 10) await cell(second, 1, 0)

  await run(db, 0, 600)

  expect(await subjects(db)).toEqual(['Requests fail: 20 %'])
  expect((await readRuleStates(db.pool)).get('errors')).toMatchObject({ state: 'unknown', open: true })
})

test('measurement that stopped is told, by the age of the newest report', async ({ db }) => {
  await reports(db, -100, -90, {}, { reportedAt: new Date(Date.now() - 100_000) })

  await run(db, 0, 60)

  expect((await subjects(db))[0]).toMatch(/^Measurement stopped: 1\d\d s$/)
})

test('a service that was stopped on purpose is not a measurement that stopped', async ({ db }) => {
  await reports(db, -20, -10, { stopping: 1 }, { reportedAt: new Date(Date.now() - 100_000) })

  await run(db, 0, 60)

  expect(await subjects(db)).toEqual([])
  expect((await readRuleStates(db.pool)).get('measurement')?.state).toBe('unknown')
})

test('where nothing was ever measured, everything is unknown and nothing is told', async ({ db }) => {
  await run(db, 0, 600)

  expect(await subjects(db)).toEqual([])
  expect([...(await readRuleStates(db.pool)).values()].map(({ state }) => state)).toEqual(Array(6).fill('unknown'))
})
