import { expect, test } from 'vitest'
import { buildGuards, type RouteBaseline } from './guards.ts'
import { maximumGuards } from './types.ts'

const thresholdsUs = { p75: 100, p90: 200, p95: 300, p99: 900 }
const routes = (n: number): readonly RouteBaseline[] =>
  Array.from({ length: n }, (_, i) => ({ route: `GET /page-${i}`, requests: 1_000 * (n - i), thresholdsUs }))
const sumOf = (weights: readonly { readonly weight: number }[]): number =>
  weights.reduce((sum, { weight }) => sum + weight, 0)

test('weights leave .05 to the sample ratio, whatever there is to watch', () => {
  for (const before of [
    { routes: routes(8), attempts: ['checkout'] },
    { routes: routes(50), attempts: ['checkout', 'withdrawal', 'trade'] },
    { routes: routes(3), attempts: [] },
    { routes: [], attempts: [] },
  ]) {
    expect(sumOf(buildGuards(before))).toBeCloseTo(0.95, 12)
  }
})

test('the anchor’s weights hold where every group has something to watch', () => {
  const guards = buildGuards({ routes: routes(8), attempts: ['checkout'] })
  const weightOf = (measure: string): number => sumOf(guards.filter((guard) => guard.measure === measure))
  expect(weightOf('errors')).toBeCloseTo(0.2, 12)
  expect(weightOf('unanswered')).toBeCloseTo(0.08, 12)
  expect(weightOf('business')).toBeCloseTo(0.22, 12)
  expect(weightOf('latency')).toBeCloseTo(0.25, 12)
  expect(weightOf('route-errors')).toBeCloseTo(0.2, 12)
})

test('at most thirty guards, with the busiest twenty routes', () => {
  const many = buildGuards({ routes: routes(50), attempts: ['checkout', 'withdrawal'] })
  expect(many).toHaveLength(2 + 2 + 4 + 20)
  expect(many.at(-1)).toMatchObject({ route: 'GET /page-19' })

  const attempts = Array.from({ length: 20 }, (_, i) => `attempt-${i}`)
  expect(buildGuards({ routes: routes(50), attempts })).toHaveLength(maximumGuards)
  expect(() => buildGuards({ routes: [], attempts: [...attempts, ...attempts] })).toThrow(/40 are named/)
})

test('routes that stand for many, and routes too quiet for a quantile, are not guarded by it', () => {
  const guards = buildGuards({
    routes: [...routes(1), { route: '(unmatched)', requests: 9_000 }, { route: 'GET /rare', requests: 10 }],
    attempts: [],
  })
  expect(guards.flatMap((guard) => (guard.measure === 'route-errors' ? [guard.route] : []))).toEqual([
    'GET /page-0',
    'GET /rare',
  ])
  for (const guard of guards)
    if (guard.measure === 'latency') expect(Object.keys(guard.thresholdsUs)).toEqual(['GET /page-0'])
})
