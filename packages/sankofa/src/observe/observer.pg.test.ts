import { expect, type TestDatabase, test } from '#harness'
import { decodeSubjects } from './subject-codec.ts'
import { testKey, testObserver, testStartMs } from './testing/test-observer.ts'

const windowsOf = async (db: TestDatabase) => {
  const { rows } = await db.pool.query<{ start_ms: string; stage: number; subjects: Buffer; error_kinds: unknown }>(
    `select extract(epoch from part.window_start) * 1000 as start_ms, part.stage, part.subjects, part.error_kinds
       from sankofa.subject_window as part order by part.window_start, part.stage`,
  )
  return rows.map((row) => ({
    window: (Number(row.start_ms) - testStartMs) / 10_000,
    stage: row.stage,
    subjects: Object.fromEntries(
      decodeSubjects(row.subjects).map(({ subject, exposed, failed }) => [subject, { exposed, failed }]),
    ),
    kinds: row.error_kinds,
  }))
}
const reportsOf = async (db: TestDatabase) => {
  const { rows } = await db.pool.query<{
    window: number
    requests: number
    dropped: Record<string, number>
    gauges: Record<string, number>
  }>(
    `select (extract(epoch from report.window_start) * 1000 - $1)::bigint::int / 10000 as window, report.requests::int as requests, report.dropped, report.gauges
       from sankofa.process_report as report order by report.window_start`,
    [testStartMs],
  )
  return rows
}

test('a request that hangs is a failure of its subject after 10 s, not at its end', async ({ db }) => {
  const { observer, clock } = testObserver({ pool: db.pool })
  const hung = observer.begin({ requestId: 'hung', route: 'GET /a' })
  observer.identify(hung, 'x-ama')

  await clock.advance(9_000)
  expect(observer.health().requestsInFlight).toBe(1)
  await clock.advance(1_500)
  expect(observer.health().requestsInFlight).toBe(0)
  observer.end(hung, { status: 200 })
  await observer.stop()

  const key = testKey('x-ama')
  // Active from its start, and still when the second window began; failed in the second: unanswered (bit 2), slower (bit 4).
  expect(await windowsOf(db)).toEqual([
    { window: 0, stage: 1, subjects: { [key]: { exposed: true, failed: 0 } }, kinds: [] },
    { window: 1, stage: 1, subjects: { [key]: { exposed: true, failed: 0b10100 } }, kinds: [] },
  ])
  const cells = await db.pool.query(
    `select cell.arm, cell.status_class, cell.n::int, cell.errors::int, cell.unanswered::int from sankofa.cell as cell order by cell.arm`,
  )
  expect(cells.rows).toEqual([
    { arm: 'all', status_class: 'none', n: 1, errors: 0, unanswered: 1 },
    { arm: 'exposed', status_class: 'none', n: 1, errors: 0, unanswered: 1 },
  ])
})

test('a subject whose request is still running is active in the next window too', async ({ db }) => {
  const { observer, clock, serve } = testObserver({ pool: db.pool })
  await clock.advance(6_000)

  await serve({ subject: 'c-esi', route: 'GET /b', ms: 7_000 })
  await observer.stop()

  const active = { [testKey('c-esi')]: { exposed: false, failed: 0 } }
  expect((await windowsOf(db)).map(({ window, subjects }) => [window, subjects])).toEqual([
    [0, active],
    [1, active],
  ])
})

test('each guard sees its own failures, and an arm its own subjects', async ({ db }) => {
  const { observer, serve } = testObserver({ pool: db.pool })

  await serve({ subject: 'x-broken', status: 500, error: new TypeError('no') })
  await serve({ subject: 'x-elsewhere', status: 503, route: 'GET /b' })
  await serve({ subject: 'x-slow', ms: 21 })
  await serve({ subject: 'c-just-fast-enough', ms: 20 })
  await serve({ subject: 'c-refused', status: 404 })
  await serve({ subject: 'c-gave-up', attempt: 'checkout' })
  await observer.stop()

  const [first] = await windowsOf(db)
  expect(first?.subjects).toEqual({
    [testKey('x-broken')]: { exposed: true, failed: 0b00011 },
    [testKey('x-elsewhere')]: { exposed: true, failed: 0b00001 },
    [testKey('x-slow')]: { exposed: true, failed: 0b10000 },
    [testKey('c-just-fast-enough')]: { exposed: false, failed: 0 },
    [testKey('c-refused')]: { exposed: false, failed: 0 },
    [testKey('c-gave-up')]: { exposed: false, failed: 0b01000 },
  })
  expect(first?.kinds).toEqual([
    expect.objectContaining({ name: 'TypeError', route: 'GET /a', exposed: [testKey('x-broken')], control: [] }),
    expect.objectContaining({ name: 'HTTP 503', route: 'GET /b', exposed: [testKey('x-elsewhere')], control: [] }),
  ])
})

test('every window is reported, also when nothing happened; a stop says that it is one', async ({ db }) => {
  const { observer, clock } = testObserver({ pool: db.pool })

  for (let window = 0; window < 3; window += 1) {
    await clock.advance(10_000)
    await clock.advance(500)
    await expect.poll(() => observer.health().windowsPending).toBe(0)
  }
  await observer.stop()

  const reports = await reportsOf(db)
  expect(reports.map(({ window, requests, gauges }) => [window, requests, gauges.stopping ?? 0])).toEqual([
    [0, 0, 0],
    [1, 0, 0],
    [2, 0, 0],
    [3, 0, 1],
  ])
  expect(reports[1]?.gauges).toMatchObject({
    memoryResidentBytes: expect.any(Number),
    eventLoopDelayP99Ms: expect.any(Number),
    diskRootFreeBytes: expect.any(Number),
    cpuHostShare: expect.any(Number),
  })
})

test('a window that arrived although its answer was lost is not added twice', async ({ db }) => {
  const { observer, serve } = testObserver({ pool: db.pool })
  const query = db.pool.query.bind(db.pool)
  let lost = 0
  // The statement runs, then the connection is said to have broken.
  db.pool.query = (async (...args: Parameters<typeof query>) => {
    const result = await query(...args)
    if (lost > 1) return result
    lost += 1
    throw new Error('Connection terminated unexpectedly')
  }) as unknown as typeof db.pool.query

  await serve({ subject: 'x-ama', status: 500 })
  await observer.stop()

  expect(lost).toBe(2)
  db.pool.query = query
  const { rows } = await query(
    `select (select sum(cell.n)::int from sankofa.cell as cell where cell.arm = 'all') as n, (select count(*)::int from sankofa.process_report) as reports,
            (select sum(bug.n)::int from sankofa.bug as bug) as bugs`,
  )
  expect(rows[0]).toEqual({ n: 1, reports: 1, bugs: 1 })
})

test('memory stays bounded under 100,000 routes and subjects, and what is not kept is counted', async ({ db }) => {
  const limits = { routes: 100, subjects: 5_000, subjectsPerStage: 2_000, armCells: 50 }
  const { observer, serve } = testObserver({ pool: db.pool, limits })

  for (let index = 0; index < 100_000; index += 1)
    await serve({ route: `GET /${index}`, subject: `x-${index}`, status: 200 })
  await observer.stop()

  const sums = await db.pool.query<{ routes: number; n: number; arm_cells: number }>(
    `select count(distinct cell.route)::int as routes, sum(cell.n) filter (where cell.arm = 'all')::int as n,
            count(*) filter (where cell.arm <> 'all')::int as arm_cells from sankofa.cell as cell`,
  )
  expect(sums.rows[0]).toEqual({ routes: 101, n: 100_000, arm_cells: 50 })
  const [report] = await reportsOf(db)
  expect(report?.requests).toBe(100_000)
  expect(report?.dropped.routes).toBe(99_900)
  expect(report?.dropped.subjects).toBeGreaterThanOrEqual(95_000)
  expect(report?.dropped.cells).toBeGreaterThan(0)
  const [window] = await windowsOf(db)
  expect(Object.keys(window?.subjects ?? {})).toHaveLength(2_000)
}, 60_000)

test('a subject is sampled by a hash of its own, the same in every process', async ({ db }) => {
  const watches = () => new Map([[7n, { guards: [], sampleRate: 0.25 }]])
  const one = testObserver({ pool: db.pool, watches })
  const two = testObserver({ pool: db.pool, watches })

  for (let index = 0; index < 2_000; index += 1) {
    await one.serve({ subject: `x-${index}` })
    await two.serve({ subject: `x-${index}` })
  }
  await one.observer.stop()
  await two.observer.stop()

  const [first, second] = await windowsOf(db)
  expect(first?.subjects).toEqual(second?.subjects)
  const kept = Object.keys(first?.subjects ?? {}).length
  expect(kept).toBeGreaterThan(420)
  expect(kept).toBeLessThan(580)
})
