import type { Duplex } from 'node:stream'
import { Client, Pool } from 'undici'
import type { GatewayLimits } from './limits.ts'
import type { ReleaseTraffic, Upstream } from './upstream.ts'

/** Connections to one address, and who uses them. */
export type Place = {
  readonly upstream: Upstream
  readonly pool: Pool
  readonly traffic: Traffic
  /** Requests and tunnels that it has now. */
  users: number
  served: number
  servedBefore: number
  usedMs: number
}

/** What a release has been given. */
export class Traffic {
  readonly release: string
  inFlight = 0
  total = 0
  upgraded = 0
  constructor(release: string) {
    this.release = release
  }
}

export type Upstreams = {
  /** Counts one more in flight there. */
  enter(upstream: Upstream): Place
  leave(place: Place): void
  /** A connection of its own for one request: none that another may have just closed. */
  fresh(place: Place): Client
  /** From a request in flight to an open tunnel, counted until the socket closes. */
  upgraded(place: Place, socket: Duplex): void
  traffic(): readonly ReleaseTraffic[]
  /** Closes connections to where nothing has been sent for a while. */
  tidy(nowMs: number): void
  close(): Promise<void>
}

const forgottenAfterMs = 10_000
const releasesKept = 50

export function createUpstreams(limits: GatewayLimits): Upstreams {
  const places = new Map<string, Place>()
  const byRelease = new Map<string, Traffic>()
  const options = {
    pipelining: 1,
    allowH2: false,
    connectTimeout: limits.connectTimeoutMs,
    // An idle connection is left before Node's servers close theirs after 5 s: a POST that meets a closing one is lost. Where a
    // server says `Keep-Alive: timeout=…`, two seconds less than that.
    keepAliveTimeout: 3_000,
    keepAliveMaxTimeout: 4_000,
    keepAliveTimeoutThreshold: 2_000,
    // The gateway's own sweep tells and cuts what is silent; a long download or a stream of events may pause.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
  }

  const trafficOf = (release: string): Traffic => {
    let traffic = byRelease.get(release)
    if (traffic === undefined) {
      traffic = new Traffic(release)
      byRelease.set(release, traffic)
    }
    return traffic
  }

  const placeOf = (upstream: Upstream): Place => {
    const { origin, release } = upstream
    // By the release as well: a port may be given to the next one, and counts must not be mixed.
    const key = `${origin} ${release}`
    let place = places.get(key)
    if (place === undefined) {
      place = {
        upstream,
        pool: new Pool(origin, options),
        traffic: trafficOf(release),
        users: 0,
        served: 0,
        servedBefore: 0,
        usedMs: performance.now(),
      }
      places.set(key, place)
    }
    return place
  }

  return {
    enter: (upstream) => {
      const place = placeOf(upstream)
      place.users += 1
      place.served += 1
      place.traffic.inFlight += 1
      place.traffic.total += 1
      return place
    },
    leave: (place) => {
      place.users -= 1
      place.traffic.inFlight -= 1
    },
    fresh: (place) => new Client(place.upstream.origin, options),
    upgraded: (place, socket) => {
      place.traffic.inFlight -= 1
      place.traffic.upgraded += 1
      socket.once('close', () => {
        place.users -= 1
        place.traffic.upgraded -= 1
      })
    },
    traffic: () =>
      [...byRelease.values()].map(({ release, inFlight, total, upgraded }) => ({ release, inFlight, total, upgraded })),
    tidy: (nowMs) => {
      for (const [key, place] of places) {
        if (place.users > 0 || place.served !== place.servedBefore) {
          place.usedMs = nowMs
          place.servedBefore = place.served
        } else if (nowMs - place.usedMs > forgottenAfterMs) {
          places.delete(key)
          if (byRelease.size > releasesKept) byRelease.delete(place.upstream.release)
          void place.pool.close()
        }
      }
    },
    close: async () => {
      const pools = [...places.values()].map((place) => place.pool)
      places.clear()
      await Promise.all(pools.map((pool) => pool.destroy()))
    },
  }
}
