/** The shop's routes, their share of requests, and their median latency in µs. */
export type Mix = readonly { readonly route: string; readonly share: number; readonly medianUs: number }[]

export const checkoutRoute = 'POST /checkout'
export const checkoutAttempt = 'checkout'

const others = [
  'GET /products',
  'GET /products/:id',
  'GET /search',
  'POST /cart',
  'GET /cart',
  'GET /wallet',
  'POST /deposit',
]

/**
 * Checkout is a quarter; the other routes share the rest, each .6 of the one before, at least a twentieth of the first.
 *
 * @param routes - how many, checkout included; 8 by default
 */
export function shopMix(routes = others.length + 1): Mix {
  const names = Array.from({ length: routes - 1 }, (_, i) => others[i] ?? `GET /page-${i}`)
  const raw = names.map((_, i) => Math.max(0.6 ** i, 0.05))
  const total = raw.reduce((sum, share) => sum + share, 0)
  return [
    { route: checkoutRoute, share: 0.25, medianUs: 40_000 },
    ...names.map((route, i) => ({ route, share: (0.75 * (raw[i] ?? 0)) / total, medianUs: 5_000 + 3_000 * (i % 7) })),
  ]
}
