/** What a change really does to those who are exposed to it. All absent: nothing. */
export type Effect = {
  /** Share of all requests that fail because of the change. */
  readonly fails?: number
  /** Share of checkouts that fail because of it. */
  readonly failsCheckout?: number
  /** All requests take this many times as long. */
  readonly slower?: number
  readonly slowerCheckout?: number
  /** Only the slowest tenth of requests takes this many times as long. */
  readonly slowerTail?: number
  /** Share of requests that are never answered. */
  readonly hangs?: number
  /** Share of exposed customers who never arrive at the server at all. */
  readonly lost?: number
  /** The failures are of a kind never seen before. */
  readonly newKind?: boolean
  /** Harm starts at this stage; 1 when absent. */
  readonly fromStage?: number
  /** Harm starts at this time on the world's clock. */
  readonly fromMs?: number
  /** Harm meets only those exposed before this stage: harm to the formerly exposed. */
  readonly onlyFormerly?: boolean
}

/** The harms of the benchmark, by name. */
export const effects = {
  none: {},
  brokenCheckout: { failsCheckout: 1 },
  badCheckout: { failsCheckout: 0.1, slowerCheckout: 1.3 },
  badCheckoutFromStage3: { failsCheckout: 0.1, slowerCheckout: 1.3, fromStage: 3 },
  errorsTenfold: { fails: 0.09 },
  errorsDouble: { fails: 0.01 },
  hangs: { hangs: 0.2 },
  slowCheckout: { slowerCheckout: 2 },
  slower: { slower: 1.3 },
  slowerTail: { slowerTail: 1.3 },
} as const satisfies Record<string, Effect>
