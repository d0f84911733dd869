import { Client } from 'undici'
import { SankofaError } from '../../core/index.ts'
import type { GatewayStatus } from './gateway.ts'
import type { Upstream } from './upstream.ts'

export type GatewayClient = {
  status(): Promise<GatewayStatus>
  /** Replaces the whole list; resolves when the gateway has kept it. */
  setUpstreams(upstreams: readonly Upstream[]): Promise<void>
  /** Resolves when the gateway has begun; it ends by itself. */
  drain(): Promise<void>
}

const answerWithinMs = 5_000

/**
 * Talks to the gateway that listens at a path, a connection each time: another gateway may have taken the path over.
 *
 * @throws SankofaError `GATEWAY_SILENT` when nobody answers there or the answer is no
 */
export function gatewayClient(path: string): GatewayClient {
  const ask = async (method: 'GET' | 'PUT' | 'POST', url: string, body?: unknown): Promise<unknown> => {
    const client = new Client('http://gateway', { socketPath: path, connectTimeout: answerWithinMs, allowH2: false })
    try {
      const { statusCode, body: answer } = await client.request({
        method,
        path: url,
        headersTimeout: answerWithinMs,
        bodyTimeout: answerWithinMs,
        body: body === undefined ? null : JSON.stringify(body),
      })
      const text = await answer.text()
      if (statusCode >= 300) throw new Error(`${statusCode}: ${text}`)
      return JSON.parse(text)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new SankofaError('GATEWAY_SILENT', { path, asked: `${method} ${url}`, reason }, { cause: error })
    } finally {
      await client.destroy()
    }
  }
  return {
    status: async () => (await ask('GET', '/status')) as GatewayStatus,
    setUpstreams: async (upstreams) => {
      await ask('PUT', '/upstreams', upstreams)
    },
    drain: async () => {
      await ask('POST', '/drain')
    },
  }
}
