import { expect, test } from '#harness'
import { changeId } from '../core/index.ts'
import { createJudge } from '../judge/index.ts'
import type { ClosedWindow } from '../observe/index.ts'
import { flagRollout } from './testing/flag-rollout.ts'

test('watchers that come and go judge every window once, with the evidence of one that never left', async ({ db }) => {
  const rollout = await flagRollout({ pool: db.pool, changes: ['slow'] })
  rollout.measurement.settings.effects.set('slow', { fails: 0.002 })
  await rollout.go('slow')
  // One process learns of stage 2 late: it reports a last window of stage 1 after the others have gone on.
  const { measurement } = rollout
  const { newWindows, judgedWindows } = measurement
  let late: ClosedWindow | undefined
  measurement.newWindows = async (goId, nowMs) => {
    const windows = await newWindows(goId, nowMs)
    const [first] = windows
    if (late !== undefined || first?.stage !== 2) return windows
    late = { ...first, stage: 1, subjects: first.subjects.map((subject) => ({ ...subject, failed: 1 })) }
    return [late, ...windows]
  }
  measurement.judgedWindows = async (goId) => [...(await judgedWindows(goId)), ...(late === undefined ? [] : [late])]
  let lost = 0
  for (let n = 0; n < 45; n++) {
    if (n % 4 === 3) await rollout.restart()
    if (n % 7 === 6) {
      // Dies between being handed the windows and writing what it judged.
      await db.pool.query('alter table sankofa.judged_window rename to away')
      await rollout.step().catch(() => {})
      const { rows } = await db.pool.query<{ n: bigint }>('select count(*) as n from sankofa.away')
      const { goId = 0n } = (await rollout.state('slow')).go ?? {}
      lost += (await rollout.measurement.judgedWindows(goId)).length - Number(rows[0]?.n)
      await db.pool.query('alter table sankofa.away rename to judged_window')
      await rollout.restart()
    }
    await rollout.step()
  }

  const { go } = await rollout.state('slow')
  if (go === undefined) throw new Error('it never started')
  const judge = createJudge({ stages: go.stages, guards: go.guards, alpha: go.alpha })
  const windows = await rollout.measurement.judgedWindows(go.goId)
  const stored = await db.pool.query<{ start_ms: string; stage: number; log_evidence: number }>(
    `select round(extract(epoch from window_start) * 1000)::text as start_ms, stage, log_evidence
       from sankofa.judged_window
      order by window_start, stage`,
  )
  const again = go.begun.flatMap(({ stage, at }) => {
    judge.beginStage(stage, at.getTime())
    return windows
      .filter((window) => window.stage === stage)
      .filter((window) => stored.rows.some((row) => Number(row.start_ms) === window.startMs && row.stage === stage))
      .map((window) => ({ startMs: window.startMs, stage, logEvidence: judge.window(window).logEvidence }))
  })
  expect(lost).toBeGreaterThan(3)
  expect(late).toBeDefined()
  // Every window was judged, those included that were handed out to a watcher that died; only the late one was not.
  expect(stored.rows.length).toBe(windows.length - 1)
  expect(
    stored.rows.map((row) => ({ startMs: Number(row.start_ms), stage: row.stage, logEvidence: row.log_evidence })),
  ).toEqual(again)
  expect(await rollout.kind.actual(changeId('slow'))).toBe((await rollout.state('slow')).share)
}, 60_000)
