import { ratios } from './factor.ts'
import { logMeanExp, logZero } from './log-sum.ts'

type Requests = { readonly n: number; readonly errors: number }
type Arms = { readonly touched: Requests; readonly untouched: Requests }

/** As in the forecast of the smallest harm seen: what the evidence must exceed to be likely, not only expected. */
const logMargin = 1.5

/**
 * The share of touched requests that fail, if what the leading watch sees is the change's doing. Against before it is the
 * share that is seen; against untouched routes it is the one of before, grown as much as the odds have.
 */
export function allegedShare(leading: 'before' | 'untouched', before: Arms, after: Arms): number {
  if (leading === 'before') return after.touched.errors / Math.max(after.touched.n, 1)
  const grown = (odds(after.touched) / odds(after.untouched)) * (odds(before.untouched) / odds(before.touched))
  const now = grown * odds(before.touched)
  return now / (1 + now)
}

/** With half a failure more on either side: one that is unknown is neither impossible nor certain. */
const odds = ({ n, errors }: Requests): number => (errors + 0.5) / (Math.max(n - errors, 0) + 0.5)

/**
 * Would "after against before" agree by now? Its evidence at the failures that this harm makes one expect.
 *
 * @param expected - the share that is tolerated
 */
export const couldSeeAfter = (touched: Requests, harmed: number, expected: number, logWeight: number): boolean =>
  logWeight + logMeanExp(ratios.map((ratio) => touched.n * (harmed * Math.log(ratio) - expected * (ratio - 1)))) >=
  logMargin

/**
 * Would "touched against untouched" agree by now? Untouched routes fail as they did before; where they never do, no
 * failure on touched ones is too many, and it sees nothing.
 *
 * @param oddsBefore - the odds ratio that is put down to what was so before; infinite without failures to compare with
 */
export function couldSeeTouched(
  { touched, untouched }: Arms,
  before: Arms,
  harmed: number,
  oddsBefore: number,
  logWeight: number,
): boolean {
  if (!Number.isFinite(oddsBefore)) return false
  const failures = touched.n * harmed
  const all = failures + (untouched.n * before.untouched.errors) / Math.max(before.untouched.n, 1)
  const share = (touched.n * oddsBefore) / (touched.n * oddsBefore + untouched.n || 1)
  const logs = ratios.map((ratio) => failures * Math.log(ratio) - all * Math.log(share * ratio + 1 - share))
  return (all === 0 ? logZero : logWeight + logMeanExp(logs)) >= logMargin
}
