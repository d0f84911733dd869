import type { FastifyRequest } from 'fastify'
import { SankofaError } from '../core/index.ts'

const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'] as const
export const isLoopback = (host: string): boolean =>
  host === '127.0.0.1' || host === 'localhost' || host === '::1' || host === '[::1]'

/** On every answer. Nothing inline, nothing from elsewhere, never in a frame. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** The hosts under which this console may be addressed: its own, and no name that somebody pointed at it. */
export function allowedHosts(host: string, port: number, more: readonly string[] = []): ReadonlySet<string> {
  const names = isLoopback(host) ? loopbackHosts : [host.includes(':') ? `[${host}]` : host]
  return new Set([...names.map((name) => `${name}:${port}`), ...more])
}

/**
 * Refuses what a foreign page could cause. A name that was re-pointed at this machine shows in `Host`, a foreign page
 * in `Origin`; what changes anything must say where it comes from. The cookie alone is not enough: it is sent to
 * every port of this host.
 *
 * @param options.byMachines - what no cookie opens and no page asks for: machines do not say where they come from
 * @throws SankofaError `CONSOLE_FOREIGN`
 */
export function refuseForeign(
  request: FastifyRequest,
  hosts: ReadonlySet<string>,
  options: { readonly byMachines?: boolean } = {},
): void {
  const { host, origin } = request.headers
  if (host === undefined || !hosts.has(host)) {
    throw new SankofaError('CONSOLE_FOREIGN', { what: 'Host', found: host ?? '', allowed: [...hosts] })
  }
  // Behind a proxy that ends TLS the origin is https, and the name is still one that was allowed.
  const ours = [...hosts].flatMap((name) => [`http://${name}`, `https://${name}`])
  const changes = request.method !== 'GET' && request.method !== 'HEAD' && options.byMachines !== true
  if ((origin !== undefined || changes) && !ours.includes(origin ?? '')) {
    throw new SankofaError('CONSOLE_FOREIGN', { what: 'Origin', found: origin ?? '', allowed: ours })
  }
  const site = request.headers['sec-fetch-site']
  // A link may lead here from anywhere; an image or a frame may not, or any page could use up the tries of a token.
  const isLink = request.headers['sec-fetch-dest'] === 'document' && !request.url.startsWith('/api/')
  if (!isLink && site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new SankofaError('CONSOLE_FOREIGN', { what: 'Sec-Fetch-Site', found: String(site), allowed: ['same-origin'] })
  }
}
