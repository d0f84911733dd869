import { isIPv4 } from 'node:net'
import { SankofaError } from '../../core/index.ts'
import type { Upstream } from '../gateway/upstream.ts'

/** What HAProxy is to do with requests. */
export type HaproxyRoutes = {
  /** Every release that runs and may get requests. */
  readonly upstreams: readonly Upstream[]
  /** Who is not drawn gets this one; so does who cannot reach the other. */
  readonly current: string
  readonly split?: { readonly release: string; readonly share: number; readonly salt: string } | undefined
}

/** Which release each slot serves. */
export type Slots = ReadonlyMap<string, string>

/** @throws SankofaError `HAPROXY_ROUTES_WRONG` */
export function refuseWrongRoutes({ upstreams, current, split }: HaproxyRoutes, slotCount: number): void {
  const names = upstreams.map(({ release }) => release)
  const problem =
    names.find((name) => !/^[\w.-]{1,100}$/.test(name)) !== undefined
      ? `a release is called ${JSON.stringify(names.find((name) => !/^[\w.-]{1,100}$/.test(name)))}`
      : new Set(names).size !== names.length
        ? 'a release is named twice'
        : names.length > slotCount
          ? `there are ${names.length} releases, and at most ${slotCount} are taken`
          : !names.includes(current)
            ? `${current} is to be current and is not among the releases that run (${names.join(', ')})`
            : split !== undefined && !names.includes(split.release)
              ? `${split.release} is to get a share and is not among the releases that run (${names.join(', ')})`
              : split !== undefined && !(split.share >= 0 && split.share <= 1)
                ? `the share is ${split.share}, and not between 0 and 1`
                : undefined
  if (problem !== undefined) throw new SankofaError('HAPROXY_ROUTES_WRONG', { problem })
}

export function addressOf({ release, origin }: Upstream): { readonly host: string; readonly port: number } {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url?.protocol !== 'http:' || !isIPv4(url.hostname) || url.port === '')
    throw new SankofaError('HAPROXY_ROUTES_WRONG', {
      problem: `release ${release} is at "${origin}", which is none such as http://127.0.0.1:4711`,
    })
  return { host: url.hostname, port: Number(url.port) }
}

/**
 * One value, so that it changes for a request wholly or not at all: slot of the current release, of the other, salt, and the
 * number of places of 2^52 below which the other is drawn. `place / 2^52 < share` and `place < ceil(share * 2^52)` say the same:
 * a double times a power of two is exact.
 */
export function splitValue(current: string, split: { slot: string; salt: string; share: number } | undefined): string {
  if (split === undefined) return `${current}:${current}:LQ==:0`
  const salt = Buffer.from(`${split.salt}\n`).toString('base64')
  return `${current}:${split.slot}:${salt}:${Math.ceil(split.share * 2 ** 52)}`
}

/** The slots that a split names; none for `none`. */
export const slotsOfSplit = (value: string): readonly string[] => value.split(':').slice(0, 2)

export const writeSlots = (slots: Slots): string =>
  slots.size === 0 ? 'none' : [...slots].map(([slot, release]) => `${slot}=${release}`).join(',')

export const parseSlots = (value: string): Map<string, string> =>
  new Map(
    value
      .split(',')
      .map((entry) => entry.split('='))
      .flatMap(([slot, release]) => (slot === undefined || release === undefined ? [] : [[slot, release] as const])),
  )
