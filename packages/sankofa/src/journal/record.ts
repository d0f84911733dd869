import type { ChangeId } from '../core/index.ts'
import type { Forecast, Guard, Reading, Stage } from '../judge/index.ts'
import type { ChangeKindName, Proof, Undone } from './change-kind.ts'

/** What each type of record carries. `-requested` is what a person or a rule asked; the rest is what the leader did. */
export type RecordData = {
  proposed: {
    readonly plan: unknown
    readonly title: string
    readonly control: 'subjects' | 'none'
    readonly dependsOn: readonly ChangeId[]
    /** Lines, files or values that the change alters; the kind says which. */
    readonly size: { readonly unit: string; readonly n: number }
  }
  proved: { readonly proof: Proof }
  refused: { readonly reason: string; readonly proof?: Proof }
  /** `bakeMs` replaces the time that the last stage bakes; the stages before keep their own. */
  'go-requested': { readonly unproved?: string; readonly alpha?: number; readonly bakeMs?: number }
  'hold-requested': { readonly reason: string }
  'back-requested': { readonly reason: string; readonly local?: boolean }
  /** Its id is the go id: salt, evidence and watch belong to it. */
  started: {
    readonly salt: string
    readonly stages: readonly Stage[]
    readonly guards: readonly Guard[]
    readonly alpha: number
    readonly sampleRate: number
    readonly unproved?: string
    readonly forecast: Forecast
    /** Only without a control: what is compared with. */
    readonly before?: Before
  }
  /** Journalled before the act; `share` 0 with a reason means exposure is paused, and the stage is kept. */
  exposing: { readonly stage: number; readonly share: number; readonly shareBefore: number; readonly reason?: string }
  exposed: { readonly stage: number; readonly share: number }
  /** `fingerprint` names the kind of error of a `new-error` hold: once a person has let it go on, it does not hold again. */
  held: { readonly reason: string; readonly ask: string; readonly cause?: HoldCause; readonly fingerprint?: string }
  /** `nextStage`: a person takes it to the next stage on their word, though the evidence has not decided. */
  resumed: { readonly reason: string; readonly nextStage?: boolean }
  baking: { readonly untilMs: number }
  undoing: { readonly reason: string; readonly cause: 'judge' | 'person' | 'sample-ratio'; readonly reading?: Reading }
  undone: { readonly undone: Undone; readonly subjectsHarmed?: number; readonly reading?: Reading }
  settling: Record<string, never>
  settled: Record<string, never>
  /** A step failed and will be tried again; the state does not change. */
  'step-failed': { readonly step: string; readonly error: string }
  /** What a deployer did on the way to a change of kind `release`; the state does not change. */
  'ship-step': ShipStep
}

export type RecordType = keyof RecordData

export const shipStepStates = ['begun', 'done', 'failed', 'skipped'] as const
export type ShipStep = {
  /** Of one run of the deployer: the steps of one belong together. */
  readonly run: string
  readonly step: string
  readonly title: string
  readonly state: (typeof shipStepStates)[number]
  readonly tookMs?: number
  /** What came out, in a line; why it was skipped, or the last lines of one that failed. */
  readonly detail?: string
}

/** Requests of the hour before a change without a control, by whether their route is touched by it. */
export type Before = {
  readonly touchedRoutes: readonly string[]
  readonly touched: { readonly n: number; readonly errors: number }
  readonly untouched: { readonly n: number; readonly errors: number }
}

export type { Forecast }

/**
 * Why a change stands still: a person, an undecided stage, an error never seen before, an undo that needs a person, a step
 * that keeps failing, a migration that seems to hurt and waits for a person, a step that was refused and is not tried again.
 */
export const holdCauses = ['person', 'deadline', 'new-error', 'undo', 'step-failed', 'migration', 'refused'] as const
export type HoldCause = (typeof holdCauses)[number]

export type JournalRecord<T extends RecordType = RecordType> = {
  [K in T]: {
    readonly id: bigint
    readonly at: Date
    readonly change: ChangeId
    readonly kind: ChangeKindName
    readonly type: K
    readonly actor: string
    readonly epoch: bigint | undefined
    readonly data: RecordData[K]
  }
}[T]
