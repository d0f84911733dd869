import type pg from 'pg'
import type { ChangeState, Go } from '../journal/index.ts'
import type { NewKind, Reading } from '../judge/index.ts'
import { type Measurement, windowMs } from '../observe/index.ts'

/** What the evidence of one go says now. */
export type Facts = {
  readonly last: Reading | undefined
  /** The present stage has been cleared. */
  readonly promote: boolean
  /** Kinds of error first seen since `go`, by arm. */
  readonly newKinds: readonly NewKind[]
}

export const noFacts: Facts = { last: undefined, promote: false, newKinds: [] }

export type Evidence = {
  /** Judges what has come in since. @throws what the measurement throws; then the next call starts from the database */
  collect(state: ChangeState, epoch: bigint, nowMs: number): Promise<Facts>
  facts(state: ChangeState): Facts
  forget(goId: bigint): void
}

export type EvidenceOptions = {
  readonly pool: pg.Pool
  readonly measurement: Measurement
  readonly propagationMs: number
}

/** Was the exposure at 0, or on its way there or back, during some of this window? */
export const touchesPause = (go: Go, startMs: number, propagationMs: number): boolean =>
  go.pauses.some(
    (pause) =>
      startMs + windowMs > pause.from.getTime() &&
      (pause.to === undefined || startMs < pause.to.getTime() + propagationMs),
  )
