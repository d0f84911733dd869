import type { Exposure } from '../observe/index.ts'
import type { Draw } from './evaluate.ts'
import type { ReleaseSplit } from './known-state.ts'

/** Which of two running releases a request goes to. */
export type ReleaseChoice = {
  readonly release: string
  /** The other one, which serves where the first cannot be reached; only from the new one back to the old. */
  readonly otherwise?: string
}

/** The releases of one service in their present state, ready to answer. Who asks comes as its key. */
export type ReleaseDraw = {
  choose(subjectKey: string): ReleaseChoice
  /** What is to be measured; `undefined` while nothing goes out. */
  exposure(subjectKey: string): Exposure | undefined
}

/** @param options.overridden - taken back on this host by `back --local`: everybody gets the current one, and nothing is measured here */
export function createReleaseDraw(
  split: ReleaseSplit,
  options: { readonly overridden: boolean; readonly draw: Draw },
): ReleaseDraw {
  const { current, next, change, goId, stage, share, shareBefore } = split
  const { draw } = options
  const isLive = next !== undefined && share > 0 && !options.overridden
  const everybody: ReleaseChoice = { release: current }
  const drawn: ReleaseChoice = { release: next ?? current, otherwise: current }
  return {
    choose: (key) => (isLive && draw(key) < share ? drawn : everybody),
    exposure(key) {
      if (!isLive || change === undefined || goId === undefined || share === 1) return undefined
      const place = draw(key)
      return { change, goId, stage, exposed: place < share, fresh: place >= shareBefore, subject: key }
    },
  }
}
