import { createHash, randomBytes } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'

/** One request that was asked for, as a client that never tries again sees it. */
export type Answered = {
  readonly release: string
  readonly kind: Kind
  readonly beganMs: number
  readonly endedMs: number
}
export const kinds = ['keep-alive', 'new connection', 'upload', 'stream', 'upgrade'] as const
export type Kind = (typeof kinds)[number]

export type Load = {
  readonly answered: readonly Answered[]
  /** What failed, in words; a strict client counts everything that is not the whole right answer. */
  readonly failed: readonly string[]
  stop(): Promise<void>
}

const bodyBytes = 64 * 1024

/** Clients of each kind that ask again and again until they are stopped, and finish what they began. */
export function startLoad(port: number, clients: Readonly<Record<Kind, number>>): Load {
  const answered: Answered[] = []
  const failed: string[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let isStopping = false
  // As browsers do it: who has a cookie keeps its release.
  const cookies: string[] = []
  const cookieOf = (client: number): Record<string, string> => {
    const cookie = cookies[client]
    return cookie === undefined ? {} : { cookie }
  }

  const ask = (kind: Kind, client: number): Promise<void> =>
    new Promise((resolve) => {
      const beganMs = performance.now()
      const fail = (why: string): void => {
        failed.push(`${kind}: ${why}`)
        resolve()
      }
      const done = (answer: IncomingMessage): void => {
        const given = answer.headers['set-cookie']?.[0]?.split(';')[0]
        if (given !== undefined) cookies[client] = given
        answered.push({ release: String(answer.headers['x-release']), kind, beganMs, endedMs: performance.now() })
        resolve()
      }
      const body = kind === 'upload' ? randomBytes(bodyBytes) : undefined
      const asked = request({
        host: '127.0.0.1',
        port,
        path: kind === 'upload' ? '/upload' : kind === 'stream' ? '/stream' : '/',
        method: body === undefined ? 'GET' : 'POST',
        agent: kind === 'keep-alive' || kind === 'upload' ? agent : false,
        headers: { ...cookieOf(client), ...(kind === 'upgrade' ? { connection: 'upgrade', upgrade: 'echo' } : {}) },
      })
      asked.setTimeout(15_000, () => asked.destroy(new Error('no answer within 15 s')))
      asked.on('error', (error) => fail(error.message))
      asked.on('upgrade', (answer, socket) => {
        const words = randomBytes(8).toString('hex')
        socket.on('error', (error) => fail(error.message))
        socket.once('data', (said: Buffer) => {
          socket.destroy()
          if (said.toString() === words) done(answer)
          else fail(`it echoed ${said.toString().slice(0, 40)}`)
        })
        setTimeout(() => socket.write(words), 100)
      })
      asked.on('response', (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', (error) => fail(`its answer broke: ${error.message}`))
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const expected = body === undefined ? undefined : createHash('sha256').update(body).digest('hex')
          if (answer.statusCode !== 200) fail(`status ${answer.statusCode}`)
          else if (kind === 'upload' && text !== expected) fail('another body arrived than was sent')
          else if (kind === 'stream' && !text.endsWith('end\n')) fail('the stream was cut')
          else done(answer)
        })
      })
      asked.end(body)
    })

  let client = 0
  const running = kinds.flatMap((kind) =>
    Array.from({ length: clients[kind] }, async () => {
      const me = client++
      while (!isStopping) {
        await ask(kind, me)
        // A newcomer each few requests, so that both releases are drawn.
        if (Math.random() < 0.2) delete cookies[me]
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
      }
    }),
  )
  return {
    answered,
    failed,
    async stop() {
      isStopping = true
      await Promise.all(running)
      agent.destroy()
    },
  }
}
