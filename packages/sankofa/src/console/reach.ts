import type { ChangeStatus } from './contract.ts'
import { percent } from './words.ts'

type Kind = ChangeStatus['kind']

/** How far a change has got, in the words of its kind: a share of customers says nothing of a schema. */
type Reach = {
  /** Who has it: `10 % of customers`. */
  readonly has: (share: number) => string
  /** What is being done: `Being shown to 10 % of customers.` */
  readonly being: (share: number) => string
  /** Where it stands while it is judged: `Watched at 10 %.` */
  readonly watched: (share: number) => string
  /** What somebody did to it, after a name: `showed it to 10 % of customers`. */
  readonly did: (share: number) => string
  /** What somebody began to do. */
  readonly began: (share: number) => string
  /** What happened to it, after its own name: `was shown to 10 % of customers`. */
  readonly was: (share: number) => string
  /** While nobody looks: `Paused, shown to nobody`. */
  readonly paused: string
  /** The same as a clause after its own name. */
  readonly wasPaused: string
  /** In the verdict, after its own name. */
  readonly is: (share: number) => string
}

const customers = (share: number): string => `${percent(share)} of customers`

const shown: Reach = {
  has: (share) => (share === 0 ? 'Nobody' : customers(share)),
  being: (share) => `Being shown to ${customers(share)}.`,
  watched: (share) => `Watched at ${percent(share)}.`,
  did: (share) => `showed it to ${customers(share)}`,
  began: (share) => `began to show it to ${customers(share)}`,
  was: (share) => `was shown to ${customers(share)}`,
  paused: 'Paused, shown to nobody',
  wasPaused: 'was paused: shown to nobody for now',
  is: (share) => `is out to ${customers(share)}`,
}

const served: Reach = {
  ...shown,
  being: (share) => `Being given to ${customers(share)}.`,
  did: (share) => `gave it to ${customers(share)}`,
  began: (share) => `began to give it to ${customers(share)}`,
  was: (share) => `was given to ${customers(share)}`,
  paused: 'Paused, given to nobody',
  wasPaused: 'was paused: given to nobody for now',
}

const applied: Reach = {
  has: (share) => (share === 0 ? 'Not applied' : 'Applied, for everyone'),
  being: () => 'Being applied.',
  watched: () => 'Applied, and watched.',
  did: () => 'applied it',
  began: () => 'began to apply it',
  was: () => 'was applied',
  paused: 'Paused, not applied',
  wasPaused: 'was paused: not applied for now',
  is: () => 'is applied',
}

const set: Reach = {
  has: (share) => (share === 0 ? 'Nobody' : 'Everyone'),
  being: () => 'Being set for everyone.',
  watched: () => 'Set for everyone, and watched.',
  did: () => 'set it for everyone',
  began: () => 'began to set it for everyone',
  was: () => 'was set for everyone',
  paused: 'Paused, the former value holds',
  wasPaused: 'was paused: the former value holds for now',
  is: () => 'is set for everyone',
}

const reaches: Readonly<Record<Kind, Reach>> = { flag: shown, release: served, migration: applied, tunable: set }

export const reachOf = (kind: Kind): Reach => reaches[kind]
