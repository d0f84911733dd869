import type { SubjectInWindow } from '../types.ts'
import {
  type ArmTotals,
  type Assign,
  type ChangeInWindow,
  type ChangeRecord,
  newKindsOf,
  noteExposed,
  placeOf,
  type WorldExposure,
} from './change-in-world.ts'
import { subjectOf } from './population.ts'

/** A change in the present window, its effect made ready for the inner loop. */
export type Live = {
  readonly exposure: WorldExposure
  readonly record: ChangeRecord
  readonly bits: Int32Array
  readonly arms: { readonly exposed: ArmTotals; readonly control: ArmTotals }
  readonly acts: boolean
  readonly harms: (customer: number, atMs: number) => boolean
  readonly fails: number
  readonly failsCheckout: number
  readonly hangs: number
  readonly lost: number
  readonly newKind: boolean
  readonly lnSlower: number
  readonly lnSlowerCheckout: number
  readonly lnSlowerTail: number
}

export function liveOf(exposure: WorldExposure, record: ChangeRecord): Live {
  const effect = exposure.effect ?? {}
  const fromMs = effect.fromMs ?? Number.NEGATIVE_INFINITY
  const untilMs = exposure.exposedUntilMs ?? Number.POSITIVE_INFINITY
  const onlyFormerly = effect.onlyFormerly === true
  return {
    exposure,
    record,
    bits: record.bits,
    arms: { exposed: { requests: 0, failures: 0 }, control: { requests: 0, failures: 0 } },
    acts: Object.keys(effect).length > 0 && exposure.share > 0 && exposure.stage >= (effect.fromStage ?? 1),
    harms: (customer, atMs) =>
      atMs >= fromMs && atMs < untilMs && !(onlyFormerly && (record.place[customer] ?? 0) >= exposure.shareBefore),
    fails: effect.fails ?? 0,
    failsCheckout: effect.failsCheckout ?? 0,
    hangs: effect.hangs ?? 0,
    lost: effect.lost ?? 0,
    newKind: effect.newKind ?? false,
    lnSlower: Math.log(effect.slower ?? 1),
    lnSlowerCheckout: Math.log(effect.slowerCheckout ?? 1),
    lnSlowerTail: Math.log(effect.slowerTail ?? 1),
  }
}

/** What the processes report of the window, and the truth beside it. */
export function reportOf(live: Live, touched: readonly number[], assign: Assign): ChangeInWindow {
  const { exposure, record } = live
  const rate = exposure.sampleRate ?? 1
  const subjects: SubjectInWindow[] = []
  for (const customer of touched) {
    const place = placeOf(record.place, exposure.salt, customer, assign)
    if (place < exposure.share) noteExposed(record, customer)
    if (rate < 1 && placeOf(record.placeOfSample, `sample ${exposure.salt}`, customer, assign) >= rate) continue
    subjects.push({
      subject: subjectOf(customer),
      exposed: place < exposure.share,
      fresh: place >= exposure.shareBefore,
      failed: live.bits[customer] ?? 0,
    })
  }
  return {
    goId: exposure.goId,
    stage: exposure.stage,
    subjects,
    newErrorKinds: newKindsOf(record),
    arms: live.arms,
    customersHarmed: record.customersHarmed,
    customersExposed: record.customersExposed,
  }
}
