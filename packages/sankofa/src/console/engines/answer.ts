import type { Evidence } from '../contract.ts'

/** What a deployment engine is told: `wait` is neither good nor bad news. */
export const engineVerdicts = ['pass', 'fail', 'wait'] as const
export type EngineVerdict = (typeof engineVerdicts)[number]

/** The body of `GET /v1/verdict`, also of every error: an engine never reads anything else than a verdict. */
export type EngineAnswer = {
  readonly verdict: EngineVerdict
  /** The change that the evidence names now: this one, else another that is being taken back or just was. */
  readonly culprit: string | null
  /** One or a few sentences for a person. */
  readonly reason: string
  readonly change: EngineChange | null
  /** Null before the first window. */
  readonly evidence: Evidence | null
  /** As it was asked with; null when it was not. */
  readonly hash: string | null
  /** ISO 8601. */
  readonly at: string
  /** The stable code of an error; absent otherwise. */
  readonly error?: string
}

export type EngineChange = {
  readonly id: string
  readonly kind: string
  readonly state: string
  /** 1-based; 0 before the first. */
  readonly stage: number
  readonly stages: number
  /** The share of customers who have it, in [0, 1]. */
  readonly share: number
  readonly held: boolean
}

/** The body of every Flagger webhook. Flagger goes by the status; the body is what it writes into its events. */
export type FlaggerAnswer = {
  readonly answer: 'yes' | 'no'
  readonly reason: string
  readonly verdict: EngineVerdict
  readonly culprit: string | null
  readonly change: string | null
  readonly error?: string
}
