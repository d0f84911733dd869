/** What a client and an upstream may cost. Times are ms, sizes are bytes. */
export type GatewayLimits = {
  readonly headerBytes: number
  readonly headerCount: number
  /** 413 above it. */
  readonly bodyBytes: number
  /** Until the head of a request is whole. */
  readonly headersTimeoutMs: number
  /** Until a request is whole, its body included. */
  readonly requestTimeoutMs: number
  /** How long a connection may idle between two requests. */
  readonly keepAliveTimeoutMs: number
  /** How long a client may take nothing of an answer that waits for it. */
  readonly writeStallMs: number
  readonly requestsPerConnection: number
  /** 503 above it; a tenth more is cut without a word. */
  readonly connections: number
  readonly connectTimeoutMs: number
  /** Without a sign of an answer for so long, a request is told as `silent`. */
  readonly silentAfterMs: number
  /** 504 without a sign of an answer for so long. */
  readonly answerWithinMs: number
}

export const defaultGatewayLimits: GatewayLimits = {
  headerBytes: 16 * 1024,
  headerCount: 100,
  bodyBytes: 256 * 1024 * 1024,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 300_000,
  // Longer than the 60 s of the load balancers that may stand in front: they must be the ones to close.
  keepAliveTimeoutMs: 65_000,
  writeStallMs: 60_000,
  requestsPerConnection: 10_000,
  connections: 10_000,
  connectTimeoutMs: 2_000,
  silentAfterMs: 10_000,
  answerWithinMs: 60_000,
}
