export type Upstream = {
  readonly release: string
  /** Such as `http://127.0.0.1:4711`. */
  readonly origin: string
}

export type Target = {
  readonly upstream: Upstream
  /** Where it goes when nothing was sent yet and the first cannot be reached. */
  readonly otherwise?: Upstream | undefined
}

/** A request that the release it was meant for did not answer. */
export type Unanswered = {
  readonly key: string
  readonly release: string
  /**
   * `refused`: no connection, nothing was sent; `reset`: the connection broke, or what came was no HTTP, before the answer was
   * whole; `timeout`: no connection or no answer in time; `silent`: no answer for a while, told at that moment while the request
   * goes on, so that the same request may be told again at its end.
   */
  readonly reason: 'refused' | 'reset' | 'timeout' | 'silent'
  readonly method: string
  readonly requestId: string
  /** Since the epoch, ms. */
  readonly startedMs: number
  /** The release that answered instead. */
  readonly savedBy?: string
}

export type ReleaseTraffic = {
  readonly release: string
  /** Given to it and not answered whole yet; upgraded sockets are not among them. */
  readonly inFlight: number
  readonly total: number
  readonly upgraded: number
}
