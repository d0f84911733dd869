/**
 * Upper confidence limit of a failure share, by Chernoff's bound: valid for any counts, a little wide.
 *
 * @param level - chance that the true share is above the limit
 */
export const upperShare = (failures: number, n: number, level: number): number =>
  n === 0 ? 1 : Math.min(expectedAbove(failures, level) / n, 1)

/** Lower confidence limit, by the same bound. */
export const lowerShare = (failures: number, n: number, level: number): number =>
  n === 0 ? 0 : expectedBelow(failures, level) / n

/** How unlikely a mean of `mean` makes a count as extreme as `count`, in nats. */
const cost = (count: number, mean: number): number => mean - count + (count === 0 ? 0 : count * Math.log(count / mean))

function expectedAbove(count: number, level: number): number {
  const needed = Math.log(1 / level)
  let [low, high] = [count, count + needed + 2 * Math.sqrt(needed * (count + needed)) + 1]
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    if (cost(count, middle) < needed) low = middle
    else high = middle
  }
  return high
}

function expectedBelow(count: number, level: number): number {
  if (count === 0) return 0
  const needed = Math.log(1 / level)
  let [low, high] = [0, count]
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    if (middle === 0 || cost(count, middle) > needed) low = middle
    else high = middle
  }
  return low
}
