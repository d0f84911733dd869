import type { Stratum } from './guard-evidence.ts'
import type { SubjectState } from './subjects.ts'
import { strata, stratumOf } from './tenure.ts'

/** Per reading, arm, stratum and guard: subjects at risk, and those among them who fail now. */
export type WindowCounts = {
  readonly active: Int32Array
  readonly failedBefore: Int32Array
  readonly failedNow: Int32Array
  readonly guards: number
}

export type ReadingName = 'fresh' | 'all'

const cells = 2 * 2 * strata
const cellOf = (reading: ReadingName, exposed: boolean, stratum: number): number =>
  ((reading === 'fresh' ? 0 : 2) + (exposed ? 1 : 0)) * strata + stratum

export const createCounts = (guards: number): WindowCounts => ({
  active: new Int32Array(cells),
  failedBefore: new Int32Array(cells * guards),
  failedNow: new Int32Array(cells * guards),
  guards,
})

/** @param stratify - false only to show in a test that the level breaks without it */
export function count(counts: WindowCounts, subjects: readonly SubjectState[], stratify: boolean): void {
  counts.active.fill(0)
  counts.failedBefore.fill(0)
  counts.failedNow.fill(0)
  for (const subject of subjects) {
    const stratum = stratify ? stratumOf(subject.tenure) : 0
    const failsNow = subject.failsNow & ~subject.failed
    countIn(counts, cellOf('all', subject.exposed, stratum), subject.failed, failsNow)
    if (subject.fresh) countIn(counts, cellOf('fresh', subject.exposed, stratum), subject.failed, failsNow)
  }
}

function countIn(counts: WindowCounts, cell: number, failedBefore: number, failsNow: number): void {
  counts.active[cell] = (counts.active[cell] ?? 0) + 1
  addBits(counts.failedBefore, cell * counts.guards, failedBefore)
  if (failsNow !== 0) addBits(counts.failedNow, cell * counts.guards, failsNow)
}

function addBits(into: Int32Array, offset: number, bits: number): void {
  for (let rest = bits; rest !== 0; rest &= rest - 1) {
    const guard = offset + 31 - Math.clz32(rest & -rest)
    into[guard] = (into[guard] ?? 0) + 1
  }
}

export function stratumCounts(counts: WindowCounts, reading: ReadingName, guard: number, stratum: number): Stratum {
  const exposed = cellOf(reading, true, stratum)
  const control = cellOf(reading, false, stratum)
  const exposedFailures = counts.failedNow[exposed * counts.guards + guard] ?? 0
  return {
    exposed: (counts.active[exposed] ?? 0) - (counts.failedBefore[exposed * counts.guards + guard] ?? 0),
    control: (counts.active[control] ?? 0) - (counts.failedBefore[control * counts.guards + guard] ?? 0),
    exposedFailures,
    failures: exposedFailures + (counts.failedNow[control * counts.guards + guard] ?? 0),
  }
}
