import { describe, expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import type { ChangeState, Go } from '../journal/index.ts'
import type { Liveness } from '../observe/index.ts'
import { quietFor } from './quiet.ts'

const nowMs = 10_000_000
const upSince = (agoMs: number): ChangeState => {
  const go = { begun: [{ stage: 1, at: new Date(nowMs - agoMs) }], pauses: [] } as Partial<Go> as Go
  return { change: changeId('any'), stage: 1, share: 0.02, go } as Partial<ChangeState> as ChangeState
}
const pausedSince = (agoMs: number): ChangeState => ({ ...upSince(agoMs), share: 0, paused: 'silence' })
const shop = (ageMs: number, rest: Partial<Liveness['processes'][number]> = {}): Liveness['processes'][number] => ({
  processId: `shop-${ageMs}`,
  service: 'shop',
  ageMs,
  stopped: false,
  ...rest,
})
const seen = (...processes: Liveness['processes'][number][]): Liveness => ({ processes, requests: 600, expected: 600 })

describe('while exposed', () => {
  test('a process that has not reported for two minutes brings the exposure down', () => {
    expect(quietFor(upSince(600_000), seen(shop(9_000), shop(119_000)), nowMs)).toBeUndefined()
    expect(quietFor(upSince(600_000), seen(shop(9_000), shop(121_000)), nowMs)).toMatch(/not reported for 121 s/)
  })

  test('no report from anyone is silence', () => {
    expect(quietFor(upSince(600_000), { ...seen(), requests: 0, expected: 0 }, nowMs)).toBeDefined()
  })

  test('no request where many were expected is silence, and where few were is not', () => {
    const nothing = { ...seen(shop(9_000)), requests: 0 }
    expect(quietFor(upSince(600_000), { ...nothing, expected: 600 }, nowMs)).toMatch(/No request came in/)
    expect(quietFor(upSince(600_000), { ...nothing, expected: 5 }, nowMs)).toBeUndefined()
  })

  test('a process that died before the exposure went up never had a part in it', () => {
    expect(quietFor(upSince(60_000), seen(shop(9_000), shop(150_000)), nowMs)).toBeUndefined()
    expect(quietFor(upSince(200_000), seen(shop(9_000), shop(150_000)), nowMs)).toBeDefined()
  })

  test('a process that stops in good order is no silence while another of its service reports', () => {
    expect(quietFor(upSince(600_000), seen(shop(9_000), shop(300_000, { stopped: true })), nowMs)).toBeUndefined()
  })

  test('a service that stopped and did not begin again is silence after two minutes, not before', () => {
    const desk = { service: 'desk', stopped: true }
    expect(quietFor(upSince(600_000), seen(shop(9_000), shop(60_000, desk)), nowMs)).toBeUndefined()
    expect(quietFor(upSince(600_000), seen(shop(9_000), shop(130_000, desk)), nowMs)).toMatch(/process of desk/)
  })

  test('a restart of the only process is not silence', () => {
    expect(quietFor(upSince(600_000), seen(shop(15_000, { stopped: true })), nowMs)).toBeUndefined()
  })
})

describe('while the exposure stands at 0', () => {
  test('it stays down until every service reports again', () => {
    const desk = { service: 'desk' }
    expect(quietFor(pausedSince(600_000), seen(shop(9_000), shop(130_000, desk)), nowMs)).toMatch(/No process of desk/)
    expect(quietFor(pausedSince(600_000), seen(shop(9_000), shop(9_000, desk)), nowMs)).toBeUndefined()
  })

  test('a process that was killed and replaced does not keep it down', () => {
    expect(quietFor(pausedSince(600_000), seen(shop(9_000), shop(300_000)), nowMs)).toBeUndefined()
  })

  test('a report that is 40 s old is not yet a report again', () => {
    expect(quietFor(pausedSince(600_000), seen(shop(40_000)), nowMs)).toBeDefined()
  })
})
