import type { Environment } from './environment.ts'
import type { Random } from './random.ts'

/** A request that is not answered, until 10 s have passed or its customer leaves. */
export type Hang = {
  readonly customer: number
  readonly route: number
  readonly untilMs: number
  readonly leaves: boolean
}

const patienceMs = 10_000

export function createHangs(random: Random, { walkAway }: Environment) {
  let open: Hang[] = []
  return {
    /** @returns when the customer thinks on: never, for one who leaves */
    begin: (customer: number, route: number, atMs: number): number => {
      const leaves = walkAway > 0 && random.uniform() < walkAway
      const untilMs = atMs + (leaves ? random.uniform() : 1) * patienceMs
      open.push({ customer, route, untilMs, leaves })
      return leaves ? Number.POSITIVE_INFINITY : untilMs
    },
    /** Takes out those that ended before. */
    dueBefore: (toMs: number): readonly Hang[] => {
      if (open.length === 0) return open
      const due = open.filter((hang) => hang.untilMs < toMs)
      open = open.filter((hang) => hang.untilMs >= toMs)
      return due
    },
  }
}
