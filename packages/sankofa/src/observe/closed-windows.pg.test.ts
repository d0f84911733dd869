import { expect, type TestDatabase, test } from '#harness'
import type { SubjectInWindow } from '../judge/index.ts'
import { countLateReports } from './closed-windows.ts'
import { pgMeasurement } from './pg-measurement.ts'
import { encodeSubjects } from './subject-codec.ts'
import { testChange, testKey } from './testing/test-observer.ts'

const windowAt = (ago: number): number => Math.floor(Date.now() / 10_000) * 10_000 - ago * 10_000
const subject = (name: string, failed = 0, exposed = true): SubjectInWindow => ({
  subject: testKey(name),
  exposed,
  fresh: true,
  failed,
})

/** A report as a process writes it: `agoMs` before now by the database's clock. */
async function report(
  db: TestDatabase,
  from: {
    process: string
    startMs: number
    agoMs?: number
    subjects?: readonly SubjectInWindow[]
    stage?: number
    kinds?: unknown
    stopping?: boolean
  },
): Promise<void> {
  const start = new Date(from.startMs)
  await db.pool.query(
    `insert into sankofa.process_report (window_start, process_id, service, release, requests, failures, subjects, subjects_failed, gauges, reported_at)
     values ($1, $2, 'shop', 'r1', 1, 0, 1, 0, $3, clock_timestamp() - $4::double precision * interval '1 millisecond') on conflict do nothing`,
    [start, from.process, from.stopping === true ? { stopping: 1 } : {}, from.agoMs ?? 0],
  )
  if (from.subjects === undefined) return
  await db.pool.query(
    `insert into sankofa.subject_window (window_start, process_id, go_id, stage, subjects, error_kinds) values ($1, $2, 7, $3, $4, $5) on conflict do nothing`,
    [start, from.process, from.stage ?? 1, encodeSubjects(from.subjects), JSON.stringify(from.kinds ?? [])],
  )
}

const names = (windows: readonly { startMs: number; stage: number; subjects: readonly SubjectInWindow[] }[]) =>
  windows.map(({ startMs, stage, subjects }) => ({
    startMs,
    stage,
    subjects: subjects.map((each) => [each.subject, each.failed]),
  }))
const row = (name: string, failed = 0) => [testKey(name), failed]
const bySubject = (rows: (string | number)[][]) => rows.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))

test('a window is handed out once every live process has reported it, merged by subject', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  const startMs = windowAt(0)
  await report(db, { process: 'a', startMs: startMs - 10_000 })
  await report(db, { process: 'b', startMs: startMs - 10_000 })

  await report(db, { process: 'a', startMs, subjects: [subject('ama', 1), subject('esi')] })
  const early = await measurement.newWindows(7n, Date.now())
  await report(db, { process: 'b', startMs, subjects: [subject('ama', 4), subject('kofi')] })
  const whole = await measurement.newWindows(7n, Date.now())

  expect(early).toEqual([])
  expect(names(whole)).toEqual([{ startMs, stage: 1, subjects: bySubject([row('ama', 5), row('esi'), row('kofi')]) }])
  expect(await measurement.newWindows(7n, Date.now())).toEqual([])
  expect(await measurement.judgedWindows(7n)).toEqual(whole)
})

test('the order in which processes report changes nothing', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  const [older, newer] = [windowAt(3), windowAt(2)]

  await report(db, { process: 'b', startMs: newer, subjects: [subject('ama', 2)], agoMs: 60_001 })
  await report(db, { process: 'a', startMs: newer, subjects: [subject('ama', 1)] })
  await report(db, { process: 'a', startMs: older, subjects: [subject('esi')] })
  await report(db, { process: 'a', startMs: older, subjects: [subject('esi', 9)] })

  expect(names(await measurement.newWindows(7n, Date.now()))).toEqual([
    { startMs: older, stage: 1, subjects: [row('esi')] },
    { startMs: newer, stage: 1, subjects: [row('ama', 3)] },
  ])
})

test('a process that died is waited for 4 s after the end of the window, not for ever', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  const open = windowAt(0)
  const ended = windowAt(2)
  await report(db, { process: 'dead', startMs: ended - 10_000, agoMs: 25_000 })

  await report(db, { process: 'a', startMs: ended, subjects: [subject('ama')], agoMs: 9_000 })
  await report(db, { process: 'a', startMs: open, subjects: [subject('esi')] })

  expect(names(await measurement.newWindows(7n, Date.now())).map((window) => window.startMs)).toEqual([ended])
})

test('a process that stopped in good order is not waited for', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  const open = windowAt(0)
  await report(db, { process: 'stopped', startMs: windowAt(1), stopping: true })

  await report(db, { process: 'a', startMs: open, subjects: [subject('ama')] })

  expect(names(await measurement.newWindows(7n, Date.now()))).toHaveLength(1)
})

test('after an outage all of a backlog is waited for, though its windows ended long ago', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  const startMs = windowAt(20)
  await report(db, { process: 'b', startMs: startMs - 10_000, agoMs: 30_000 })

  await report(db, { process: 'a', startMs, subjects: [subject('ama')] })
  const early = await measurement.newWindows(7n, Date.now())
  await report(db, { process: 'b', startMs, subjects: [subject('esi')] })

  expect(early).toEqual([])
  expect(names(await measurement.newWindows(7n, Date.now()))).toEqual([
    { startMs, stage: 1, subjects: bySubject([row('ama'), row('esi')]) },
  ])
})

test('what comes after its window was judged is never judged, and counted', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  const startMs = windowAt(2)
  await report(db, { process: 'a', startMs, subjects: [subject('ama')], agoMs: 9_000 })
  const judged = await measurement.newWindows(7n, Date.now())

  await report(db, { process: 'b', startMs, subjects: [subject('late', 1)] })
  await report(db, { process: 'b', startMs: startMs - 10_000, subjects: [subject('later', 1)] })

  expect(await measurement.newWindows(7n, Date.now())).toEqual([])
  expect(await measurement.judgedWindows(7n)).toEqual(judged)
  expect(await countLateReports(db.pool, 7n)).toBe(2)
})

test('two watchers asking at once never get the same window', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  for (let ago = 1; ago <= 20; ago += 1)
    await report(db, { process: 'a', startMs: windowAt(ago), subjects: [subject(`ama-${ago}`)] })

  const answers = await Promise.all([1, 2, 3].map(() => measurement.newWindows(7n, Date.now())))

  expect(answers.flat()).toHaveLength(20)
})

test('a stage that changes inside a window gives one window of each stage', async ({ db }) => {
  const measurement = pgMeasurement(db.pool)
  const startMs = windowAt(1)
  await report(db, { process: 'a', startMs, stage: 1, subjects: [subject('ama')] })
  await report(db, { process: 'a', startMs, stage: 2, subjects: [subject('esi')] })

  expect(names(await measurement.newWindows(7n, Date.now()))).toEqual([
    { startMs, stage: 1, subjects: [row('ama')] },
    { startMs, stage: 2, subjects: [row('esi')] },
  ])
})

test('a kind of error is new when nobody met it before go, and its subjects are counted once over windows and processes', async ({
  db,
}) => {
  const measurement = pgMeasurement(db.pool)
  await measurement.openWatch(7n, testChange, [], 1)
  const bug = (fingerprint: string, firstSeen: Date) =>
    db.pool.query(`insert into sankofa.bug values ($1, 'GET /a', 'TypeError', 'r1', $2, $2, 1)`, [
      fingerprint,
      firstSeen,
    ])
  await bug('known', new Date(Date.now() - 3_600_000))
  await bug('new', new Date())
  const kind = (fingerprint: string, exposed: readonly string[], control: readonly string[] = []) => ({
    fingerprint,
    route: 'GET /a',
    name: 'TypeError',
    exposed,
    control,
  })

  await report(db, {
    process: 'a',
    startMs: windowAt(3),
    subjects: [subject('ama')],
    kinds: [kind('known', ['k1', 'k2']), kind('new', ['s1'])],
  })
  await report(db, { process: 'b', startMs: windowAt(3), subjects: [subject('esi')], kinds: [kind('new', ['s1'])] })
  await report(db, { process: 'a', startMs: windowAt(2), subjects: [subject('ama')], kinds: [kind('new', ['s2'])] })
  await report(db, { process: 'a', startMs: windowAt(1), subjects: [subject('ama')], kinds: [kind('new', [], ['c1'])] })
  await report(db, { process: 'b', startMs: windowAt(1) })
  const windows = await measurement.newWindows(7n, Date.now())

  expect(
    windows.map((window) =>
      window.newErrorKinds.map((each) => [each.fingerprint, each.exposedSubjects, each.controlSubjects]),
    ),
  ).toEqual([[['new', 1, 0]], [['new', 2, 0]], [['new', 2, 1]]])
})
