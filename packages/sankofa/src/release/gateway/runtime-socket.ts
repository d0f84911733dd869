import { chmod, rename, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { SankofaError } from '../../core/index.ts'
import type { GatewayStatus } from './gateway.ts'
import type { Upstream } from './upstream.ts'

export type RuntimeSocketOptions = {
  /** At most 100 bytes long: the system takes 107, and the socket is made under a longer name first. */
  readonly path: string
  status(): GatewayStatus
  /** Keeps the whole list, so that a gateway that starts later finds it, before it resolves. */
  setUpstreams(upstreams: readonly Upstream[]): Promise<void>
  /** Begins to drain; the answer does not wait for its end. */
  drain(): void
  readonly log: Logger
}

export type RuntimeSocket = {
  /** Takes the socket away, unless another gateway has put its own there meanwhile. */
  close(): Promise<void>
}

const longest = 100
const bodyAtMost = 256 * 1024
const upstreams = Type.Array(
  Type.Object({ release: Type.String({ minLength: 1 }), origin: Type.String({ pattern: '^https?://[^/]+$' }) }),
  { maxItems: 1_000 },
)

/**
 * Lets a gateway be asked and told over a unix socket that only its own user may open: `GET /status`, `PUT /upstreams`,
 * `POST /drain`. A newer gateway takes the path over in one step, while the older one still drains.
 *
 * @throws SankofaError `GATEWAY_SOCKET_PATH` when the path is too long for the system
 */
export async function serveRuntimeSocket(options: RuntimeSocketOptions): Promise<RuntimeSocket> {
  const { path, log } = options
  if (Buffer.byteLength(path) > longest) throw new SankofaError('GATEWAY_SOCKET_PATH', { path, longest })
  const server = createServer((request, response) => {
    answer(request, options).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        log.error({ err: error }, 'the gateway could not do what it was told')
        send(response, 500, { error: error instanceof Error ? error.message : String(error) })
      },
    )
  })
  // Under another name first: nobody meets it before its mode is set, and a rename replaces what a dead gateway left.
  const made = `${path}.${process.pid % 100_000}`
  await rm(made, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(made, resolve)
  })
  await chmod(made, 0o600)
  await rename(made, path)
  const { ino } = await stat(path)
  return {
    close: async () => {
      const there = await stat(path).catch(() => undefined)
      if (there?.ino === ino) await rm(path, { force: true })
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

type Answer = { readonly status: number; readonly body: unknown }

async function answer(request: IncomingMessage, options: RuntimeSocketOptions): Promise<Answer> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /status':
      return { status: 200, body: options.status() }
    case 'PUT /upstreams': {
      const list = await readList(request)
      if (list === undefined)
        return {
          status: 400,
          body: { error: 'Expected a JSON list of { release, origin }, such as "http://127.0.0.1:4711".' },
        }
      await options.setUpstreams(list)
      return { status: 200, body: { upstreams: list } }
    }
    case 'POST /drain':
      options.drain()
      return { status: 202, body: { draining: true } }
    default:
      return { status: 404, body: { error: 'There are GET /status, PUT /upstreams and POST /drain.' } }
  }
}

async function readList(request: IncomingMessage): Promise<readonly Upstream[] | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > bodyAtMost) return undefined
    chunks.push(chunk as Buffer)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
    return Value.Check(upstreams, value) ? value.map(({ release, origin }) => ({ release, origin })) : undefined
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify(body))
}
