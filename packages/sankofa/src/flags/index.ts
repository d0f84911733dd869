export { defineFlag, type Flag, type FlagDeclaration, type FlagProof } from './flag.ts'
export { createFlagClient, type FlagClient, type FlagClientOptions } from './flag-client.ts'
export { flagKind } from './flag-kind.ts'
export type { FlagPlan } from './flag-plan.ts'
export type { ReleaseSplit } from './known-state.ts'
export {
  backLocal,
  forgetLocal,
  journalledLocal,
  type LocalBack,
  type LocalEffect,
  localOverrides,
  pendingLocal,
} from './local-back.ts'
export type { ReleaseChoice } from './release-draw.ts'
export type { Attributes, Condition, Rule, Treatment } from './rules.ts'
export { createSubjectKey } from './subject-key.ts'
export { defineTunable, problemWith, type Tunable } from './tunable.ts'
export { type TunablePlan, tunableKind } from './tunable-kind.ts'
