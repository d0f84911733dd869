import type { NewKind } from '../new-kind.ts'
import type { Guard, SubjectInWindow } from '../types.ts'
import type { Effect } from './effect.ts'
import { type GuardCodes, guardCodes } from './guard-codes.ts'
import type { Mix } from './mix.ts'
import { subjectOf } from './population.ts'

/** A change as it is out in one window. */
export type WorldExposure = {
  readonly goId: bigint
  readonly salt: string
  readonly stage: number
  readonly share: number
  readonly shareBefore: number
  readonly effect?: Effect
  /** Without guards nothing is reported of this change; it only acts. */
  readonly guards?: readonly Guard[]
  /** Share of subjects that are reported, by a second hash. */
  readonly sampleRate?: number
  /** On the world's clock: exposure ends there, within the window. */
  readonly exposedUntilMs?: number
}

/** What one window showed of one change, and what was true. */
export type ChangeInWindow = {
  readonly goId: bigint
  readonly stage: number
  readonly subjects: readonly SubjectInWindow[]
  /** Kinds of error first seen after the change was first seen by the world. */
  readonly newErrorKinds: readonly NewKind[]
  readonly arms: { readonly exposed: ArmTotals; readonly control: ArmTotals }
  /** Distinct customers since the change was first out: met a failure or a hang that the change caused; were exposed at all. */
  readonly customersHarmed: number
  readonly customersExposed: number
}

export type WorldWindow = {
  readonly startMs: number
  readonly requests: number
  readonly failures: number
  readonly changes: ReadonlyMap<bigint, ChangeInWindow>
}

export type ArmTotals = { requests: number; failures: number }

/** The world's own record of a change, over all windows. */
export type ChangeRecord = {
  readonly place: Float64Array
  readonly placeOfSample: Float64Array
  /** Failures of each customer in the present window; zeroed when the customer is first met in it. */
  readonly bits: Int32Array
  readonly harmed: Uint8Array
  readonly exposedEver: Uint8Array
  readonly kinds: Map<string, { route: string; exposed: Set<number>; control: Set<number> }>
  customersHarmed: number
  customersExposed: number
  codes: GuardCodes
  guards: readonly Guard[]
}

export type Assign = (salt: string, subject: string) => number

export const createRecord = (customers: number, mix: Mix): ChangeRecord => ({
  place: new Float64Array(customers).fill(-1),
  placeOfSample: new Float64Array(customers).fill(-1),
  bits: new Int32Array(customers),
  harmed: new Uint8Array(customers),
  exposedEver: new Uint8Array(customers),
  kinds: new Map(),
  customersHarmed: 0,
  customersExposed: 0,
  codes: guardCodes([], mix),
  guards: [],
})

/** u of a customer under a salt, computed once. */
export function placeOf(places: Float64Array, salt: string, customer: number, assign: Assign): number {
  const known = places[customer] ?? -1
  if (known >= 0) return known
  const place = assign(salt, subjectOf(customer))
  places[customer] = place
  return place
}

export function noteHarm(record: ChangeRecord, customer: number): void {
  if (record.harmed[customer] === 1) return
  record.harmed[customer] = 1
  record.customersHarmed++
}

export function noteExposed(record: ChangeRecord, customer: number): void {
  if (record.exposedEver[customer] === 1) return
  record.exposedEver[customer] = 1
  record.customersExposed++
}

export function noteKind(record: ChangeRecord, kind: string, route: string, customer: number, exposed: boolean): void {
  const known = record.kinds.get(kind) ?? { route, exposed: new Set<number>(), control: new Set<number>() }
  known[exposed ? 'exposed' : 'control'].add(customer)
  record.kinds.set(kind, known)
}

export const newKindsOf = (record: ChangeRecord): readonly NewKind[] =>
  [...record.kinds].map(([fingerprint, { route, exposed, control }]) => ({
    fingerprint,
    route,
    name: 'Error',
    exposedSubjects: exposed.size,
    controlSubjects: control.size,
  }))
