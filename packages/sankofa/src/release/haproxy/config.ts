import { join } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import type { KeySource } from '../gateway/subject.ts'
import { whoAsks } from './subject-rules.ts'

export type HaproxyOptions = {
  readonly port: number
  /** Where it listens; 127.0.0.1 unless told. */
  readonly address?: string
  /** Folder of its two files and of its socket. */
  readonly root: string
  /** The service's (`findSecret`): keys and cookies are signed with it, so whoever reads the file can sign. */
  readonly secret: string
  readonly keyFrom?: readonly KeySource[]
  /** Proxies in front, addresses or ranges, whose X-Forwarded-* are believed. */
  readonly trusted?: readonly string[]
  /** File with certificate and key; without it the listener speaks plain HTTP. */
  readonly certificate?: string
}

/** How many releases can be told to it at once, those that still drain included. */
export const slotCount = 16
/** The backend whose servers are the slots. */
export const backend = 'service'

export type HaproxyPaths = { readonly config: string; readonly map: string; readonly socket: string }

export const haproxyPaths = (root: string): HaproxyPaths => ({
  config: join(root, 'haproxy.cfg'),
  map: join(root, 'haproxy.map'),
  socket: join(root, 'haproxy.sock'),
})

/** The map's file, with which it starts: it answers 503 until a driver has told it the routes. */
export const haproxyMap = 'split none\nslots none\n'

/**
 * The text of an haproxy.cfg (HAProxy 2.6 or later) that draws releases as Sankofa's own gateway does, key by key. To be kept in
 * a file that only its user can read.
 *
 * @throws SankofaError `SETTINGS_WRONG` for what cannot be written into it
 */
export function haproxyConfig(options: HaproxyOptions): string {
  const { port, address = '127.0.0.1', root, secret, keyFrom = [], trusted = [], certificate } = options
  const { map, socket } = haproxyPaths(root)
  refuseWrong([
    ['port', String(port), /^\d{1,5}$/],
    ['address', address, /^[\w.:*-]+$/],
    ['root', root, /^\/[\w./@+-]*$/],
    ...(certificate === undefined ? [] : ([['certificate', certificate, /^\/[\w./@+-]+$/]] as const)),
    ...trusted.map((entry) => ['trusted', entry, /^[\da-fA-F.:]+(?:\/\d{1,3})?$/] as const),
    ...keyFrom.map((source) => ['keyFrom', 'cookie' in source ? source.cookie : source.header, /^[\w-]+$/] as const),
  ])
  const tls = certificate === undefined ? '' : ` ssl crt ${certificate} alpn http/1.1`
  const isTrusted = trusted.length === 0 ? 'always_false' : `src ${trusted.join(' ')}`
  return `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  option http-keep-alive
  option forwardfor
  option redispatch 1
  retries 2
  # A request is sent again only where it cannot have been acted on twice.
  retry-on conn-failure empty-response
  http-reuse safe
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-request 15s
  timeout http-keep-alive 65s
  timeout queue 2s
  timeout tunnel 1h
frontend public
  bind ${address}:${port}${tls}
  acl trusted ${isTrusted}
  acl https ssl_fc
  acl https req.hdr(x-forwarded-proto) -m str https
  # Read once for each request: the releases, salt and share of one request are of one split.
  http-request set-var(txn.split) str(split),map_str(${map},none)
  http-request return status 503 content-type text/plain string "No release is there to answer." hdr retry-after 1 if { var(txn.split) -m str none }
  http-request return status 405 content-type text/plain string "This method is not taken here." if { method TRACE CONNECT }
  http-request disable-l7-retry if !{ method GET HEAD OPTIONS } or { req.body_size gt 0 }
  http-request del-header ^x[-_]forwarded[-_] -m reg unless trusted
  http-request del-header ^(forwarded|x[-_]real[-_]ip)$ -m reg unless trusted
  http-request del-header ^x[-_]sankofa[-_] -m reg
  http-request set-header x-forwarded-proto %[ssl_fc,iif(https,http)] unless trusted { req.hdr(x-forwarded-proto) -m str http https }
  http-request set-header x-forwarded-host %[req.hdr(host)] unless trusted { req.hdr(x-forwarded-host) -m found }
  http-request set-header x-request-id %[uuid()] unless { req.hdr(x-request-id) -m reg ^[A-Za-z0-9_.:-]{1,100}$ }
${whoAsks(secret, keyFrom)}
  # The draw: the first 52 bits of SHA-256 of salt, line feed and subject, against the share of 2^52 that has the new release.
  http-request set-var(txn.place) var(txn.split),field(3,:),b64dec,concat(,txn.subject,),sha2(256),hex,bytes(0,13),hex2i
  http-request set-var(txn.below) var(txn.split),field(4,:),add(0)
  http-request set-var(txn.slot) var(txn.split),field(1,:)
  http-request set-var(txn.slot) var(txn.split),field(2,:) if { var(txn.place),sub(txn.below) lt 0 }
  default_backend ${backend}
backend ${backend}
  balance roundrobin
  # All have weight 0 but the current one: who cannot reach the release it was drawn gets that.
  use-server %[var(txn.slot)] if TRUE
  # Idle connections are left before a Node server would end them after 5 s: a POST could meet that.
  server-template slot 1-${slotCount} 127.0.0.1:9 disabled weight 0 pool-purge-delay 1s
`
}

function refuseWrong(settings: readonly (readonly [name: string, found: string, expected: RegExp])[]): void {
  const problems = settings
    .filter(([, found, expected]) => !expected.test(found))
    .map(([name, found, expected]) => `${name}: found ${JSON.stringify(found)}, expected ${expected}.`)
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
}
