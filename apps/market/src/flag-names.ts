/** The market's two-path features. Their declarations, owners and proofs are in changes.ts. */
export const faultNames = ['demo-broken-checkout', 'demo-bad-checkout', 'demo-slow-search', 'demo-hang'] as const
export const harmlessNames = ['demo-good-sorting', 'demo-good-recommendations', 'demo-good-receipt'] as const

export type FlagName = (typeof faultNames)[number] | (typeof harmlessNames)[number]
