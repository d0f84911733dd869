import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addFactor, chanceOfExposed, emptyEvidence, logEvidence, ratios } from './factor.ts'

/** C(n, k) of each k in logs, by Pascal's recurrence. */
function logChoose(n: number): readonly number[] {
  const logs = [0]
  for (let k = 1; k <= n; k++) logs.push((logs[k - 1] ?? 0) + Math.log((n - k + 1) / k))
  return logs
}

const factorOf = (a: number, m: number, chance: number): readonly number[] => {
  const evidence = emptyEvidence()
  addFactor(evidence, a, m, chance)
  return evidence
}

const expectations = (m: number, chance: number, probability: (a: number) => number): readonly number[] =>
  ratios.map((_, i) => {
    let sum = 0
    for (let a = 0; a <= m; a++) sum += probability(a) * Math.exp(factorOf(a, m, chance)[i] ?? 0)
    return sum
  })

describe('the factor of one window, for a change that does nothing', () => {
  test('expects exactly 1 when each failure is exposed with the drawn share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (m, q) => {
        const choose = logChoose(m)
        const binomial = (a: number): number => Math.exp(choose[a] ?? 0) * q ** a * (1 - q) ** (m - a)
        for (const mean of expectations(m, q, binomial))
          expect(Math.abs(mean - 1)).toBeLessThan(1e-12 * 50 ** m + 1e-12)
      }),
    )
  })

  test('expects at most 1 when the failures are a random part of those at risk', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(120), (n1, n0, any) => {
        const m = any % (n1 + n0 + 1)
        const [all, ofExposed, ofControl] = [logChoose(n1 + n0), logChoose(n1), logChoose(n0)]
        const hypergeometric = (a: number): number =>
          a > n1 || m - a > n0 ? 0 : Math.exp((ofExposed[a] ?? 0) + (ofControl[m - a] ?? 0) - (all[m] ?? 0))
        for (const mean of expectations(m, n1 / (n1 + n0), hypergeometric)) expect(mean).toBeLessThanOrEqual(1 + 1e-9)
      }),
    )
  })

  test('grows when exposed subjects fail more often than their share', () => {
    expect(logEvidence(factorOf(5, 5, 0.02))).toBeGreaterThan(10)
    expect(logEvidence(factorOf(0, 5, 0.02))).toBeLessThan(0)
  })
})

describe('the chance that a failure is an exposed subject’s', () => {
  test('is the drawn share where fewer than two are expected in the rarer arm, whoever is there', () => {
    expect(chanceOfExposed(0, 90, 0.02)).toBe(0.02)
    expect(chanceOfExposed(20, 70, 0.02)).toBe(0.02)
  })

  test('is the share at risk above that, and unknown when one arm is empty', () => {
    expect(chanceOfExposed(5, 95, 0.1)).toBe(0.05)
    expect(chanceOfExposed(0, 100, 0.1)).toBeUndefined()
    expect(chanceOfExposed(100, 0, 0.1)).toBeUndefined()
  })
})
