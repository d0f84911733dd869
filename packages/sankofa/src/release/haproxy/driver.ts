import { setTimeout as wait } from 'node:timers/promises'
import { SankofaError } from '../../core/index.ts'
import { backend, slotCount } from './config.ts'
import {
  addressOf,
  type HaproxyRoutes,
  parseSlots,
  refuseWrongRoutes,
  slotsOfSplit,
  splitValue,
  writeSlots,
} from './routes.ts'
import { askHaproxy, tellHaproxy } from './runtime.ts'

export type HaproxyTraffic = {
  readonly release: string
  /** Given to it and not answered whole yet; upgraded sockets are among them. */
  readonly inFlight: number
}

export type HaproxyDriver = {
  /**
   * Makes HAProxy serve these routes and no others, without a reload; told the same again, it does nothing. Requests that a
   * release has which is not among them end well.
   *
   * @throws SankofaError `HAPROXY_ROUTES_WRONG`, and nothing was changed; `HAPROXY_REFUSED`: apply again, which goes on from where it was
   */
  apply(routes: HaproxyRoutes): Promise<void>
  /** The releases that were told and those that still have requests. */
  status(): Promise<readonly HaproxyTraffic[]>
  /**
   * Waits until a release that gets no new requests has none any more, and forgets it.
   *
   * @returns whether it came to that in time
   * @throws SankofaError `HAPROXY_ROUTES_WRONG` for a release that is in use
   */
  drain(release: string, options?: { readonly withinMs?: number }): Promise<boolean>
}

type Server = { readonly address: string; readonly inFlight: number; readonly isUp: boolean; readonly weight: number }
type Known = {
  readonly slots: Map<string, string>
  readonly split: string
  readonly servers: ReadonlyMap<string, Server>
}

/**
 * Drives an HAProxy that runs with `haproxyConfig`. It remembers nothing: what is so, it asks HAProxy. One driver at a time.
 *
 * @param options.map - the path of the map's file, as it stands in the configuration
 */
export function haproxyDriver(options: { readonly socket: string; readonly map: string }): HaproxyDriver {
  const { socket, map } = options
  const tell = (command: string, done?: RegExp): Promise<void> => tellHaproxy(socket, command, done)
  const server = (slot: string): string => `${backend}/${slot}`
  const writeMap = (key: 'split' | 'slots', value: string): Promise<void> => tell(`set map ${map} ${key} ${value}`)

  const readMap = async (): Promise<ReadonlyMap<string, string>> => {
    const asked = `show map ${map}`
    const answer = await askHaproxy(socket, asked)
    const entries = answer.split('\n').map((line) => line.split(' '))
    const read = new Map(entries.map(([, key = '', value = '']) => [key, value]))
    if (!read.has('split') || !read.has('slots'))
      throw new SankofaError('HAPROXY_REFUSED', { socket, asked, reason: answer.slice(0, 200) })
    return read
  }

  const know = async (): Promise<Known> => {
    const read = await readMap()
    return {
      slots: parseSlots(read.get('slots') ?? ''),
      split: read.get('split') ?? 'none',
      servers: parseServers(await askHaproxy(socket, `show stat ${backend} 4 -1`)),
    }
  }

  /** Brings a slot to where it should be; says nothing where it is there. */
  const settle = async (slot: string, known: Known, wanted: Omit<Server, 'inFlight'>): Promise<void> => {
    const now = known.servers.get(slot)
    const [host, port] = wanted.address.split(':')
    if (now?.address !== wanted.address)
      await tell(`set server ${server(slot)} addr ${host} port ${port}`, /changed from/)
    if (now?.isUp !== wanted.isUp) await tell(`set server ${server(slot)} state ${wanted.isUp ? 'ready' : 'maint'}`)
    if (now?.weight !== wanted.weight) await tell(`set server ${server(slot)} weight ${wanted.weight}`)
  }

  const apply = async (routes: HaproxyRoutes): Promise<void> => {
    refuseWrongRoutes(routes, slotCount)
    const addresses = new Map(routes.upstreams.map((upstream) => [upstream.release, addressOf(upstream)]))
    const known = await know()
    const slotOf = place(routes, known)

    // Who has a slot is written first: killed here, the next run finds the slot and gives it the right address.
    for (const [release, slot] of slotOf) known.slots.set(slot, release)
    await writeMap('slots', writeSlots(known.slots))
    const weights = new Map([...slotOf].map(([release, slot]) => [slot, release === routes.current ? 1 : 0]))
    for (const [release, slot] of slotOf) {
      const at = addresses.get(release)
      // Up before requests are led to it. Its weight comes after: it is only for those who do not reach their release.
      const weight = known.servers.get(slot)?.weight ?? 0
      await settle(slot, known, { address: `${at?.host}:${at?.port}`, isUp: true, weight })
    }
    const { split } = routes
    const next = split === undefined ? undefined : { ...split, slot: slotOf.get(split.release) ?? '' }
    const value = splitValue(slotOf.get(routes.current) ?? '', next)
    if (value !== known.split) await writeMap('split', value)

    const fresh = await know()
    for (const [slot, now] of fresh.servers) {
      const weight = weights.get(slot)
      await settle(slot, fresh, { ...now, weight: weight ?? 0 })
    }
    if (await forgetEmpty(fresh, new Set(slotOf.values()))) await writeMap('slots', writeSlots(fresh.slots))
  }

  /** Slots whose release is not wanted and has no requests are free again; `known` is changed with them. */
  const forgetEmpty = async (known: Known, wanted: ReadonlySet<string>): Promise<boolean> => {
    let some = false
    for (const slot of [...known.slots.keys()]) {
      const now = known.servers.get(slot)
      if (wanted.has(slot) || now === undefined || now.inFlight > 0) continue
      await settle(slot, known, { ...now, isUp: false, weight: 0 })
      known.slots.delete(slot)
      some = true
    }
    return some
  }

  // One after another: two that read the same state would take the same slot.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(what: () => Promise<T>): Promise<T> => {
    const turn = last.then(what, what)
    last = turn.catch(() => {})
    return turn
  }

  return {
    apply: (routes) => inTurn(() => apply(routes)),
    async status() {
      const { slots, servers } = await know()
      return [...slots].map(([slot, release]) => ({ release, inFlight: servers.get(slot)?.inFlight ?? 0 }))
    },
    async drain(release, { withinMs = 30_000 } = {}) {
      const endMs = performance.now() + withinMs
      for (;;) {
        const isGone = await inTurn(async () => {
          const known = await know()
          const slot = [...known.slots].find(([, name]) => name === release)?.[0]
          if (slot === undefined) return true
          if (slotsOfSplit(known.split).includes(slot))
            throw new SankofaError('HAPROXY_ROUTES_WRONG', { problem: `${release} gets requests and cannot drain` })
          const others = new Set([...known.slots.keys()].filter((other) => other !== slot))
          if (!(await forgetEmpty(known, others))) return false
          await writeMap('slots', writeSlots(known.slots))
          return true
        })
        if (isGone) return true
        if (performance.now() > endMs) return false
        await wait(50)
      }
    },
  }
}

/** A slot for each release: the one it has, else one that is nobody's and has no requests. */
function place({ upstreams }: HaproxyRoutes, { slots, servers }: Known): ReadonlyMap<string, string> {
  const had = new Map([...slots].map(([slot, release]) => [release, slot]))
  const wanted = new Set(upstreams.map(({ release }) => release))
  const isFree = ([slot, { inFlight }]: readonly [string, Server]): boolean =>
    inFlight === 0 && !wanted.has(slots.get(slot) ?? '') && !slots.has(slot)
  const free = [...servers].filter(isFree).map(([slot]) => slot)
  return new Map(
    upstreams.map(({ release }) => {
      const slot = had.get(release) ?? free.shift()
      if (slot === undefined)
        throw new SankofaError('HAPROXY_ROUTES_WRONG', {
          problem: `${servers.size} releases have requests still, so there is no place for ${release}; wait until one has drained`,
        })
      return [release, slot]
    }),
  )
}

/** `show stat` of the slots, which is CSV with the names of its columns first. */
function parseServers(text: string): ReadonlyMap<string, Server> {
  const [head = '', ...lines] = text.replace(/^# /, '').split('\n')
  const columns = head.split(',')
  const at = (fields: readonly string[], column: string): string => fields[columns.indexOf(column)] ?? ''
  return new Map(
    lines
      .map((line) => line.split(','))
      .map((fields) => [
        at(fields, 'svname'),
        {
          address: at(fields, 'addr'),
          inFlight: Number(at(fields, 'scur')) + Number(at(fields, 'qcur')),
          isUp: !at(fields, 'status').startsWith('MAINT'),
          weight: Number(at(fields, 'uweight')),
        },
      ]),
  )
}
