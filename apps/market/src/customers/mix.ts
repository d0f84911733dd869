/** What a customer looks at between putting something into the cart and paying; the shares are published in the README. */
export const looks = [
  { look: 'list products', share: 0.27 },
  { look: 'open a product', share: 0.25 },
  { look: 'search', share: 0.22 },
  { look: 'recommendations', share: 0.09 },
  { look: 'cart', share: 0.05 },
  { look: 'orders', share: 0.04 },
  { look: 'statement', share: 0.03 },
  { look: 'shipping zones', share: 0.03 },
  { look: 'exchange rates', share: 0.02 },
] as const

export type Look = (typeof looks)[number]['look']

/**
 * A session is a look at the wallet, then rounds of: one or two looks, a product into the cart, a checkout. With these numbers it
 * has 15 requests on average, and a quarter of all requests are checkouts.
 */
export const session = {
  requests: 15,
  rounds: 3.75,
  secondLook: 0.73,
  /** Share of sessions that begin with a password (180 ms of the market's processor), and of new customers. */
  signIn: 0.02,
  register: 0.005,
  meanThinkMs: 1_500,
} as const

/** After a failure or a wait in vain this share leaves; a customer who left stays away for some minutes. */
export const patience = {
  leavesAfterFailure: 0.5,
  triesAgainAfterTimeout: 0.3,
  awayMs: { shortest: 60_000, longest: 300_000 },
  /** Each customer has a limit of their own between the two, and walks away at it. */
  timeoutMs: { shortest: 10_000, longest: 15_000 },
} as const

/** Pays in when the wallet has less than `below`, in minor units. */
export const topUp = {
  NGN: { below: 60_000_000n, amount: 200_000_000n },
  USD: { below: 60_000n, amount: 200_000n },
} as const

/** Some customers come far more often than others: weights are log-normal with this deviation. */
export const heaviness = 1
