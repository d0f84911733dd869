import { type Step, stepFailed } from '../step.ts'

/** In a list, what says of itself `named: false` is left out: a dependency that only came along with another. */
type Counted = number | readonly unknown[]

/** What `measureSize` finds between what runs and what is to go out, as far as it is judged here. */
export type MeasuredSize = {
  readonly lines: number
  readonly files: Counted
  readonly migrations: Counted
  readonly flags: Counted
  readonly dependencies: Counted
}

const units = {
  lines: ['line', 'lines'],
  files: ['file', 'files'],
  migrations: ['migration', 'migrations'],
  flags: ['flag', 'flags'],
  dependencies: ['dependency', 'dependencies'],
} as const

/** The most that a team lets go out at once; what is absent has no limit. */
export type SizeBudget = { readonly [Unit in keyof typeof units]?: number }

export type SizeOptions<Size extends MeasuredSize> = {
  /** `undefined` where nothing runs yet. */
  readonly measure: (signal: AbortSignal) => Promise<Size | undefined>
  readonly budget: SizeBudget
  /** How it could be split, a line a part. */
  readonly propose: (size: Size) => readonly string[] | Promise<readonly string[]>
  /** A person's reason to let it through all the same. */
  readonly big?: string
  /** Told of that reason, to keep it. */
  readonly onBig?: (reason: string, over: readonly string[]) => void | Promise<void>
}

/** Stops a change that is larger than the team's budget, and says how to split it. */
export function sizeStep<Size extends MeasuredSize>({ measure, budget, propose, big, onBig }: SizeOptions<Size>): Step {
  return {
    id: 'size',
    title: 'Measure the size of the change',
    async run({ log, signal }) {
      const size = await measure(signal)
      if (size === undefined) return { skipped: 'nothing runs yet that it could be compared with' }
      const names = Object.keys(units) as (keyof typeof units)[]
      const over = names.flatMap((name) => {
        const most = budget[name]
        const found = countOf(size[name])
        return most !== undefined && found > most ? [`${counted(found, name)} (${most} allowed)`] : []
      })
      const words = names.map((name) => ({ name, count: countOf(size[name]) })).filter(({ count }) => count > 0)
      const whole = words.map(({ name, count }) => counted(count, name)).join(', ') || 'nothing changed'
      if (over.length === 0) return whole
      if (big !== undefined && big.trim() !== '') {
        await onBig?.(big, over)
        return `${whole}; over the budget, let through: ${big}`
      }
      for (const line of await propose(size)) log(line)
      throw stepFailed(
        `This change is too large to see what it does: ${over.join(', ')}.`,
        'Split it as proposed in the last lines, or say why it must go out whole: --big "why".',
      )
    },
  }
}

const countOf = (found: Counted): number =>
  typeof found === 'number' ? found : found.filter((one) => (one as { named?: unknown } | null)?.named !== false).length

const counted = (count: number, name: keyof typeof units): string => `${count} ${units[name][count === 1 ? 0 : 1]}`
