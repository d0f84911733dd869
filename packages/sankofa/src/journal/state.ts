import type { ChangeId } from '../core/index.ts'
import type { Guard, Reading, Stage } from '../judge/index.ts'
import type { ChangeKindName, Proof, Undone } from './change-kind.ts'
import type { Before, Forecast, HoldCause } from './record.ts'

export const changeStates = ['proposed', 'proved', 'refused', 'exposed', 'bake', 'settled', 'undone'] as const
export type ChangeStateName = (typeof changeStates)[number]

/** One go: from `started` until the change is settled or undone. */
export type Go = {
  /** Id of the record `started`. */
  readonly goId: bigint
  readonly salt: string
  readonly stages: readonly Stage[]
  readonly guards: readonly Guard[]
  readonly alpha: number
  readonly sampleRate: number
  readonly startedAt: Date
  /** Who asked for it. */
  readonly startedBy: string
  readonly forecast: Forecast
  /** Only without a control: what is compared with. */
  readonly before?: Before
  /** Why it went without a proof, in the words of the person who said so. */
  readonly unproved?: string
  /** When the exposure of each stage was begun, oldest first: from then on a process may show it. */
  readonly begun: readonly { readonly stage: number; readonly at: Date }[]
  /** When the exposure stood at 0 for a while; what was measured then is not judged. */
  readonly pauses: readonly { readonly from: Date; readonly to?: Date }[]
  /** Kinds of error that held this go and were let through. */
  readonly acceptedErrors: readonly string[]
}

/** What has been begun and not yet done: a restart finishes it, or takes it back. */
export type InFlight =
  | {
      readonly act: 'expose'
      readonly stage: number
      readonly share: number
      readonly shareBefore: number
      readonly reason?: string
      readonly at: Date
    }
  | {
      readonly act: 'undo'
      readonly reason: string
      readonly cause: 'judge' | 'person' | 'sample-ratio'
      readonly reading?: Reading
      /** Shares that the world may show until the undo is done. */
      readonly from: readonly number[]
      readonly at: Date
    }
  | { readonly act: 'settle'; readonly at: Date }

/** What was asked and not yet answered. */
export type Pending = {
  readonly want: 'go' | 'hold' | 'back'
  readonly actor: string
  readonly reason?: string
  readonly unproved?: string
  readonly alpha?: number
  readonly bakeMs?: number
  readonly at: Date
}

/** Everything that the journal says of one change now. */
export type ChangeState = {
  readonly change: ChangeId
  readonly kind: ChangeKindName
  readonly state: ChangeStateName
  /** When it came into this state. */
  readonly since: Date
  readonly title: string
  readonly author: string
  readonly proposedAt: Date
  readonly plan: unknown
  readonly control: 'subjects' | 'none'
  readonly dependsOn: readonly ChangeId[]
  readonly size: { readonly unit: string; readonly n: number }
  /** The newest proof that holds for this plan. It may have expired: compare `expiresAt`. */
  readonly proof?: Proof | undefined
  /** Why it was refused, or why what was asked last was. */
  readonly refusal?: { readonly reason: string; readonly at: Date } | undefined
  /** Why it is out without a proof. */
  readonly unproved?: string | undefined
  /** The go that is under way, or the last one. */
  readonly go?: Go | undefined
  /** 1-based; 0 before the first exposure. */
  readonly stage: number
  /** What the world must show when nothing is in flight. */
  readonly share: number
  readonly shareBefore: number
  readonly inFlight?: InFlight | undefined
  readonly held?:
    | {
        readonly reason: string
        readonly ask: string
        readonly cause: HoldCause
        readonly fingerprint?: string
        readonly at: Date
      }
    | undefined
  readonly pending?: Pending | undefined
  /** Why the exposure stands at 0 although the change is neither undone nor settled. */
  readonly paused?: string | undefined
  /** From when the deadline of the stage counts: its exposure, or the end of the last hold or pause. */
  readonly stageClockFrom?: Date | undefined
  /** A person said that it goes to the next stage although the evidence has not decided. */
  readonly nextStageOnWord?: boolean | undefined
  readonly bakeUntil?: Date | undefined
  readonly lastReading?: Reading | undefined
  readonly undoneBecause?:
    | {
        readonly reason: string
        readonly cause: 'judge' | 'person' | 'sample-ratio'
        readonly begunAt: Date
        readonly at: Date
        readonly undone: Undone
        readonly subjectsHarmed?: number
        readonly reading?: Reading
      }
    | undefined
  /** The step that failed last and is being tried again. */
  readonly failing?:
    | { readonly step: string; readonly error: string; readonly times: number; readonly at: Date }
    | undefined
  readonly lastId: bigint
  readonly lastAt: Date
  /** Records that the rules forbid and that were left out; more than 0 means that someone wrote past the journal. */
  readonly ignored: number
}

/**
 * The shares that the world may show now. While something is in flight both the old and the new are right;
 * otherwise there is exactly one.
 */
export function expectedShares(state: ChangeState): readonly number[] {
  switch (state.inFlight?.act) {
    case undefined:
      return [state.share]
    case 'expose':
      return [...new Set([state.share, state.inFlight.share])]
    case 'undo':
      return [...new Set([...state.inFlight.from, 0])]
    case 'settle':
      return [...new Set([state.share, 1])]
    default:
      return state.inFlight satisfies never
  }
}
