/**
 * ln Z(w) for each w, up to one constant: Z(w) = Σ_k C(n1, k)·C(n0, m−k)·w^k. Their ratios are those of Fisher's
 * noncentral hypergeometric distribution, exact for any split of the arms.
 */
export function logNormalisers(
  exposed: number,
  control: number,
  failures: number,
  odds: readonly number[],
): readonly number[] {
  const least = Math.max(0, failures - control)
  const most = Math.min(failures, exposed)
  return odds.map((ratio) => {
    let term = 1
    let sum = 1
    let log = least * Math.log(ratio)
    for (let k = least; k < most; k++) {
      term *= (((exposed - k) * (failures - k)) / ((k + 1) * (control - failures + k + 1))) * ratio
      sum += term
      if (sum > 1e200) {
        log += Math.log(sum)
        term /= sum
        sum = 1
      }
    }
    return log + Math.log(sum)
  })
}
