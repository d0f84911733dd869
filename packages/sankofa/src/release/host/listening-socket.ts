import { fstatSync } from 'node:fs'
import net from 'node:net'
import { SankofaError } from '../../core/index.ts'

/**
 * The public socket, held by the keeper and listened on by gateways that get it as fd 3. The keeper never accepts from
 * it: it only keeps it open, so that connections wait in its backlog while one gateway is gone and the next starts.
 */
export type ListeningSocket = {
  readonly fd: number
  /** What it is bound to; unknown when systemd opened it. */
  readonly port?: number
  /** Gateways that have it keep it open. */
  close(): void
}

/**
 * Binds the public address. It does not listen yet: the first gateway makes it listen (with its own backlog, 511 unless
 * it says otherwise), and listening it stays as long as anybody has it.
 *
 * @param options.beside - a gateway of ours, started by a keeper that was killed, listens on this address: bind beside
 *   it. Otherwise an address that anybody listens on is refused, though SO_REUSEPORT would let us share it.
 * @throws SankofaError `HOST_PORT_TAKEN`
 */
export function openListeningSocket(options: {
  readonly host: string
  readonly port: number
  readonly beside: boolean
}): ListeningSocket {
  const { host, port } = options
  try {
    // Without SO_REUSEPORT this fails when another program listens there with it, which the real one would join unseen.
    if (port !== 0 && !options.beside) bind(host, port, false).close()
    return canReusePort ? bind(host, port, true) : bind(host, port, false)
  } catch (error) {
    const reason = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error)
    throw new SankofaError('HOST_PORT_TAKEN', { host, port, reason }, { cause: error })
  }
}

/** macOS has it too, but does not share connections fairly, so libuv refuses it there. */
const canReusePort = process.platform === 'linux' || process.platform === 'freebsd'

type Handle = { readonly fd: number; getsockname(into: { port?: number }): number; close(): void }
type OlderNet = {
  /** Undocumented, and what `node:cluster` has used since Node 0.12. Returns an error number when it fails. */
  _createServerHandle(host: string, port: number, family: 4 | 6, fd: -1, flags: number): Handle | number
}
const reusePortFlag = 2

/** @internal `older`: as on Node before 24.19, which has no public way to bind a socket without accepting from it. */
export function bind(
  host: string,
  port: number,
  reusePort: boolean,
  older = net.BoundSocket === undefined,
): ListeningSocket {
  if (!older) {
    const bound = new net.BoundSocket({ host, port, reusePort })
    return { fd: bound.fd(), port: bound.address().port, close: () => bound.close() }
  }
  const family = net.isIPv6(host) ? 6 : 4
  const flags = reusePort ? reusePortFlag : 0
  const handle = (net as unknown as OlderNet)._createServerHandle(host, port, family, -1, flags)
  if (typeof handle === 'number') throw new Error(`error ${handle}`)
  const address: { port?: number } = {}
  // libuv tells here that the address is taken, not when it binds.
  const failed = handle.getsockname(address)
  if (failed !== 0) {
    handle.close()
    throw new Error(`error ${failed}`)
  }
  return { fd: handle.fd, port: address.port ?? port, close: () => handle.close() }
}

/**
 * The socket of `sankofa-host.socket`, when systemd started this process with one.
 *
 * @throws SankofaError `HOST_SOCKET_WRONG` when it handed over something else
 */
export function systemdSocket(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ListeningSocket | undefined {
  const { LISTEN_FDS: count, LISTEN_PID: pid } = environment
  // The variables of a parent's sockets are inherited too: they are meant for one process alone.
  if (count === undefined || pid !== String(process.pid)) return undefined
  if (count !== '1') throw new SankofaError('HOST_SOCKET_WRONG', { found: `${count} sockets where one was expected` })
  const fd = 3
  let isSocket = false
  try {
    isSocket = fstatSync(fd).isSocket()
  } catch {
    // Not open at all.
  }
  if (!isSocket) throw new SankofaError('HOST_SOCKET_WRONG', { found: 'its file descriptor 3 is not a socket' })
  return { fd, close: () => {} }
}
