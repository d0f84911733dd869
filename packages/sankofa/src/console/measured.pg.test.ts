import { expect, type TestDatabase, test } from '#harness'
import { createHistogram, encode, record } from '../histogram/index.ts'
import { readSeries } from './chart-series.ts'
import { createMeasured } from './measured.ts'

const atS = 1_795_000_000

type Cell = {
  readonly n: number
  readonly errors: number
  readonly ms: number
  readonly arm?: string
  readonly process?: string
}

async function report(db: TestDatabase, startS: number, cell: Cell, attempts: object = {}): Promise<void> {
  const histogram = createHistogram()
  for (let i = 0; i < cell.n; i += 1) record(histogram, cell.ms * 1_000)
  const { arm = 'all', process = 'p1' } = cell
  const at = new Date(startS * 1_000)
  await db.pool.query(
    `insert into sankofa.process_report (window_start, process_id, service, release, requests, failures, subjects, subjects_failed, attempts)
     values ($1, $2, 'shop', 'r', $3, $4, 0, 0, $5) on conflict do nothing`,
    [at, process, cell.n, cell.errors, JSON.stringify(attempts)],
  )
  await db.pool.query(
    `insert into sankofa.cell (window_start, process_id, route, status_class, release, change_id, arm, n, errors, sum_us, max_us, histogram)
     values ($1, $2, 'GET /', '2xx', 'r', $3, $4, $5, $6, 1, 1, $7)`,
    [at, process, arm === 'all' ? '' : 'a-change', arm, cell.n, cell.errors, encode(histogram)],
  )
}

test('all traffic is counted once, over processes and not over arms, and quantiles are of all of it', async ({
  db,
}) => {
  const measured = createMeasured(db.pool, { attempts: [], keepS: 3_600 })
  await report(db, atS, { n: 90, errors: 1, ms: 10 }, { checkout: [8, 7] })
  await report(db, atS, { n: 10, errors: 2, ms: 500, process: 'p2' }, { checkout: [2, 1] })
  await report(db, atS, { n: 40, errors: 9, ms: 9_000, arm: 'exposed' })

  await measured.refresh(atS + 20)

  const step = measured.step(atS, atS + 10)
  expect(step).toMatchObject({ reportedS: 10, requests: 100, failures: 3, begun: 10, completed: 8 })
  expect(step.p50Ms).toBeCloseTo(10, 0)
  expect(step.p95Ms).toBeGreaterThan(490)
  expect(step.p95Ms).toBeLessThan(520)
})

test('a report that comes late is taken in, and what was read is not counted twice', async ({ db }) => {
  const measured = createMeasured(db.pool, { attempts: [], keepS: 3_600 })
  await report(db, atS, { n: 5, errors: 0, ms: 10 })
  await measured.refresh(atS + 20)
  await measured.refresh(atS + 30)
  expect(measured.step(atS, atS + 10).requests).toBe(5)

  await report(db, atS, { n: 7, errors: 0, ms: 10, process: 'p2' })
  await measured.refresh(atS + 40)

  expect(measured.step(atS, atS + 10).requests).toBe(12)
})

test('a window that nobody reported is a gap in the chart, and one without requests is a zero', async ({ db }) => {
  const measured = createMeasured(db.pool, { attempts: [], keepS: 3_600 })
  await report(db, atS, { n: 20, errors: 0, ms: 10 })
  await report(db, atS + 10, { n: 0, errors: 0, ms: 10 })
  await measured.refresh(atS + 30)

  const series = readSeries(measured, { minutes: 15, closedS: atS + 30, marks: [] })

  expect(series.times.slice(-3)).toEqual([atS, atS + 10, atS + 20])
  expect(series.requestsPerSecond.slice(-3)).toEqual([2, 0, null])
  expect(series.failedShare.slice(-3)).toEqual([0, null, null])
})

test('memory holds what was asked for and no more', async ({ db }) => {
  const measured = createMeasured(db.pool, { attempts: [], keepS: 600 })
  await report(db, atS, { n: 5, errors: 0, ms: 10 })
  await measured.refresh(atS + 20)

  await measured.refresh(atS + 3_600)

  expect(measured.step(atS, atS + 10).reportedS).toBe(0)
})
