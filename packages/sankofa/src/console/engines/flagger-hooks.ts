import type { Rule, Situation } from './rules.ts'

export const flaggerHooks = [
  'confirm-rollout',
  'pre-rollout',
  'rollout',
  'confirm-traffic-increase',
  'confirm-promotion',
  'post-rollout',
  'rollback',
  'event',
] as const
export type FlaggerHook = (typeof flaggerHooks)[number]

/** May begin: its undo is proved, nobody holds it, and it is known now. */
const mayBegin: ReadonlySet<Situation> = new Set(['proved', 'watched', 'baking', 'kept'])
/** Each “no” to these two counts as a failed check, and enough of them roll back: waiting is no failure. */
const failsCheck: ReadonlySet<Situation> = new Set(['unknown', 'away too long'])
const isSound = ({ verdict, situation }: Rule): boolean => verdict !== 'fail' && !failsCheck.has(situation)

/** What Flagger is told at each of its hooks. */
const saysYes: { readonly [Hook in FlaggerHook]: (rule: Rule) => boolean } = {
  // No traffic yet, and a “no” only makes it wait: so everything must be right.
  'confirm-rollout': ({ situation }) => mayBegin.has(situation),
  // Asked again at every look until the first traffic.
  'pre-rollout': isSound,
  rollout: isSound,
  // A “no” only makes these two wait, so “not known” and “not enough data yet” are a “no”.
  'confirm-traffic-increase': ({ verdict }) => verdict === 'pass',
  'confirm-promotion': ({ verdict }) => verdict === 'pass',
  // Flagger does nothing with the answer to these two.
  'post-rollout': () => true,
  event: () => true,
  // Inverted: “yes” means roll back. Whatever is not known for harm is a “no”.
  rollback: ({ verdict }) => verdict === 'fail',
}

export const flaggerSaysYes = (hook: FlaggerHook, rule: Rule): boolean => saysYes[hook](rule)

export const isFlaggerHook = (text: string): text is FlaggerHook => flaggerHooks.some((hook) => hook === text)
