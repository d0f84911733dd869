import { expect, type TestDatabase, test } from '#harness'
import { encode } from '../histogram/index.ts'
import { pgMeasurement } from './pg-measurement.ts'
import { readSignals } from './read-signals.ts'
import { retention, rollUp } from './roll-up.ts'
import { testObserver, testStartMs } from './testing/test-observer.ts'

const hourMs = 3_600_000

test('the baseline is what was measured: rates, quantiles where there is enough, distinct subjects', async ({ db }) => {
  const { observer, serve, clock } = testObserver({ pool: db.pool })
  for (let index = 0; index < 400; index += 1) {
    await serve({
      route: 'GET /often',
      subject: `s-${index % 90}`,
      status: index % 40 === 0 ? 500 : 200,
      ms: index % 10 === 0 ? 120 : 20,
    })
    if (index % 4 === 0) await serve({ route: 'GET /seldom', subject: `s-${index % 90}` })
  }
  await observer.stop()

  const baseline = await pgMeasurement(db.pool).baseline(clock.now() + 1)

  // 500 requests in two windows of 10 s.
  const windows = Math.floor((clock.now() - testStartMs) / 10_000) + 1
  expect(baseline.requestsPerSecond).toBeCloseTo(500 / (windows * 10), 6)
  // 90 in 20 s of an hour: 90 × √180.
  expect(baseline).toMatchObject({ subjects: 1_207, measuredMs: 20_000 })
  const [often, seldom] = baseline.routes
  expect(often).toMatchObject({ route: 'GET /often', requests: 400, errorShare: 0.025 })
  expect(often?.thresholdsUs?.p75).toBeGreaterThanOrEqual(20_000)
  expect(often?.thresholdsUs?.p75).toBeLessThan(20_700)
  expect(often?.thresholdsUs?.p95).toBeGreaterThanOrEqual(120_000)
  expect(seldom).toEqual({ route: 'GET /seldom', requests: 100, errorShare: 0 })
  // Subjects 0, 40, 80, 30, 70, 20, 60, 10, 50 fail; 0 fails again in the same session, and is not counted again.
  expect(baseline.firstFailuresPerSecond).toBeCloseTo(9 / (windows * 10), 6)
})

test('a baseline without measurements says so with zeros, not with an error', async ({ db }) => {
  expect(await pgMeasurement(db.pool).baseline(Date.now())).toEqual({
    requestsPerSecond: 0,
    subjectsPerWindow: 0,
    subjects: 0,
    measuredMs: 0,
    firstFailuresPerSecond: 0,
    routes: [],
  })
})

const report = (db: TestDatabase, process: string, startMs: number, requests: number, agoMs: number, gauges = {}) =>
  db.pool.query(
    `insert into sankofa.process_report (window_start, process_id, service, release, requests, failures, subjects, subjects_failed, reported_at, gauges)
     values ($1, $2, 'shop', 'r1', $3, 0, 0, 0, $4, $5)`,
    [new Date(startMs), process, requests, new Date(Date.now() - agoMs), gauges],
  )

test('liveness tells who is silent, who has stopped, and how many requests are missing', async ({ db }) => {
  const nowMs = Date.now()
  const closedMs = Math.floor((nowMs - 5_000) / 10_000) * 10_000
  for (let ago = 1; ago <= 60; ago += 1)
    await report(db, 'steady', closedMs - ago * 10_000, ago <= 12 ? 0 : 10, ago * 10_000)
  await report(db, 'silent', closedMs - 200_000, 0, 190_000)
  await report(db, 'stopped', closedMs - 300_000, 0, 290_000, { stopping: 1 })
  await report(db, 'forgotten', closedMs - 4_000_000, 0, 4_000_000)

  const liveness = await pgMeasurement(db.pool).liveness(nowMs)

  const of = (id: string) => liveness.processes.find((process) => process.processId === id)
  expect(liveness.processes).toHaveLength(3)
  expect(of('steady')?.ageMs).toBeLessThan(20_000)
  expect(of('silent')?.ageMs).toBeGreaterThan(120_000)
  expect(of('stopped')?.stopped).toBe(true)
  expect(liveness.requests).toBe(0)
  expect(liveness.expected).toBeCloseTo(120, -1)
})

test('a process whose clock is an hour off is as good as silent, and so is one from before the clock was set back', async ({
  db,
}) => {
  const nowMs = Date.now()
  const hour = 3_600_000
  const windowMs = Math.floor(nowMs / 10_000) * 10_000 - 10_000
  await report(db, 'right', windowMs, 1, 0)
  await report(db, 'behind', windowMs - hour, 1, 0)
  await report(db, 'ahead', windowMs + hour, 1, 0)
  await report(db, 'set-back', windowMs + hour, 1, -hour)

  const { processes } = await pgMeasurement(db.pool).liveness(nowMs)

  const silent = processes.filter((process) => process.ageMs > 120_000).map((process) => process.processId)
  expect(silent.sort()).toEqual(['ahead', 'behind', 'set-back'])
})

test('totals part touched routes from the others, window by window', async ({ db }) => {
  const { observer, serve, clock } = testObserver({ pool: db.pool })
  await serve({ route: 'GET /touched', status: 500 })
  await serve({ route: 'GET /other' })
  await clock.advance(10_000)
  await serve({ route: 'GET /other', status: 503 })
  await observer.stop()

  expect(await pgMeasurement(db.pool).totals(testStartMs, testStartMs + 20_000, ['GET /touched'])).toEqual([
    { startMs: testStartMs, touched: { n: 1, errors: 1 }, untouched: { n: 1, errors: 0 } },
    { startMs: testStartMs + 10_000, touched: { n: 0, errors: 0 }, untouched: { n: 1, errors: 1 } },
  ])
})

test('rolling up keeps every sum and every distribution, also of cells that come late', async ({ db }) => {
  const nowMs = testStartMs
  const oldMs = Math.floor((nowMs - retention.tenSecondsMs - 3 * hourMs) / hourMs) * hourMs
  const cell = (startMs: number, process: string, route: string, us: number) =>
    db.pool.query(
      `insert into sankofa.cell (window_start, process_id, route, status_class, release, n, errors, sum_us, max_us, sum_db_us, histogram)
       values ($1, $2, $3, '2xx', 'r1', 2, 1, $4, $5, 7, $6)`,
      [new Date(startMs), process, route, 2 * us, us, encode(new Map([[us % 800, 2]]))],
    )
  for (let index = 0; index < 300; index += 1) {
    await cell(oldMs + Math.floor(index / 2) * 10_000, index % 2 === 0 ? 'a' : 'b', `GET /${index % 3}`, index + 1)
  }
  await cell(nowMs - 60_000, 'a', 'GET /0', 5)
  const sums = async () =>
    (
      await db.pool.query<{ sum: string }>(
        `select concat_ws(' ', sum(cell.n), sum(cell.errors), sum(cell.sum_us), sum(cell.sum_db_us), max(cell.max_us)) as sum from sankofa.cell as cell`,
      )
    ).rows[0]?.sum
  const period = { fromMs: oldMs, toMs: oldMs + hourMs, stepS: 3_600 }
  const before = await sums()
  const distribution = (await readSignals(db.pool, period)).traffic

  const first = await rollUp(db.pool, nowMs)
  await cell(oldMs, 'late', 'GET /0', 9)
  const together = await Promise.all([rollUp(db.pool, nowMs), rollUp(db.pool, nowMs)])

  expect(first.moved).toBe(300)
  expect(together.map((each) => each.moved > 0).sort()).toEqual([false, true])
  const resolutions = await db.pool.query(
    'select cell.resolution_s, sum(cell.n)::int as n from sankofa.cell as cell group by 1 order by 1',
  )
  expect(resolutions.rows).toEqual([
    { resolution_s: 10, n: 2 },
    { resolution_s: 60, n: 602 },
  ])
  expect(before).toBe(`602 301 ${2 * ((300 * 301) / 2 + 5)} ${301 * 7} 300`)
  expect(await sums()).toBe(`604 302 ${2 * ((300 * 301) / 2 + 5 + 9)} ${302 * 7} 300`)
  const after = (await readSignals(db.pool, period)).traffic
  expect(after.map((point) => [point.requests, point.p99Ms])).toEqual([[602, distribution[0]?.p99Ms]])
})

test('cells of a month move on to hours, and subjects of a change go 7 days after it is over', async ({ db }) => {
  const nowMs = Date.now()
  await db.pool.query(
    `insert into sankofa.cell (window_start, resolution_s, process_id, route, status_class, release, n, errors, sum_us, max_us, histogram)
     values ($1, 60, '', 'GET /', '2xx', 'r1', 3, 0, 30, 10, $2)`,
    [new Date(Math.floor((nowMs - retention.minutesMs - hourMs) / 60_000) * 60_000), encode(new Map([[5, 3]]))],
  )
  for (const [goId, days] of [
    [1, 8],
    [2, 6],
    [3, undefined],
  ] as const) {
    await db.pool.query(
      `insert into sankofa.watch (go_id, change_id, guards, closed_at) values ($1, 'c', '[]', clock_timestamp() - $2::int * interval '1 day')`,
      [goId, days],
    )
    await db.pool.query(
      `insert into sankofa.subject_window (window_start, process_id, go_id, stage, subjects) values (clock_timestamp(), 'a', $1, 1, '')`,
      [goId],
    )
  }

  await rollUp(db.pool, nowMs)

  const cells = await db.pool.query('select cell.resolution_s, cell.n::int from sankofa.cell as cell')
  expect(cells.rows).toEqual([{ resolution_s: 3600, n: 3 }])
  const kept = await db.pool.query('select part.go_id::int from sankofa.subject_window as part order by 1')
  expect(kept.rows.map((row) => row.go_id)).toEqual([2, 3])
})

test('signals leave unmeasured steps unknown, and add up attempts and drops', async ({ db }) => {
  const { observer, serve, clock } = testObserver({ pool: db.pool })
  await serve({ status: 500 })
  await serve({ attempt: 'checkout' })
  await serve({ ms: 40 })
  await clock.advance(10_000)
  await observer.stop()

  const signals = await readSignals(db.pool, { fromMs: testStartMs - 10_000, toMs: testStartMs + 20_000, stepS: 10 })

  const [before, first, second] = signals.traffic
  expect(before).toMatchObject({
    requests: undefined,
    requestsPerSecond: undefined,
    errorShare: undefined,
    processes: 0,
  })
  expect(first).toMatchObject({ requests: 3, requestsPerSecond: 0.3, errorShare: 1 / 3, processes: 1 })
  expect(first?.p99Ms).toBeGreaterThanOrEqual(40)
  expect(second).toMatchObject({ requests: 0, requestsPerSecond: 0, errorShare: undefined })
  expect([...signals.attempts]).toEqual([['checkout', [{ atMs: testStartMs, begun: 1, completed: 0 }]]])
  expect(signals.processes[0]?.points).toHaveLength(2)
  expect(signals.ageMs).toBeLessThan(60_000)
})
