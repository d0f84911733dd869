import { setTimeout as wait } from 'node:timers/promises'
import { RawClient } from './raw-client.ts'

/** What clients of all kinds asked for, and what they did not get. */
export type Load = {
  readonly done: Readonly<Record<string, number>>
  readonly failed: readonly string[]
  /** Each client finishes what it has begun. */
  stop(): Promise<void>
}

type Kind = (port: number, turn: number, isEnding: () => boolean) => Promise<number>

const check = (isSo: boolean, what: () => string): void => {
  if (!isSo) throw new Error(what())
}

const kinds = {
  /** One connection for as long as it is kept, with pauses in between. */
  keepAlive: async (port, _, isEnding) => {
    const client = new RawClient(port)
    let done = 0
    for (let isKept = true; isKept && !isEnding(); done += 1) {
      const answer = await client.get('/json')
      check(answer.status === 200, () => `${answer.status} ${answer.body}`)
      isKept = answer.headers.connection?.[0] !== 'close'
      if (isKept) await wait(Math.random() * 15)
    }
    client.close()
    return done
  },
  newConnection: async (port) => {
    const client = new RawClient(port)
    const answer = await client.get('/json', 'Connection: close\r\n')
    check(answer.status === 200, () => `${answer.status} ${answer.body}`)
    await client.closed
    client.close()
    return 1
  },
  upload: async (port, turn) => {
    const client = new RawClient(port).send('POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    const size = 20_000 + (turn % 7) * 1_000
    for (let n = 0; n < 5; n += 1) {
      client.send(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`)
      await wait(10)
    }
    const answer = await client.send('0\r\n\r\n').answer()
    check(answer.body === String(5 * size), () => `${answer.status} ${answer.body} for ${5 * size}`)
    client.close()
    return 1
  },
  stream: async (port) => {
    const client = new RawClient(port)
    const answer = await client.get('/stream')
    check(answer.body === '1 2 3 4 5 end', () => `${answer.status} ${answer.body}`)
    client.close()
    return 1
  },
  upgrade: async (port, turn) => {
    const client = new RawClient(port).send(
      'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    )
    const head = await client.upTo('\r\n\r\n')
    check(head.startsWith('HTTP/1.1 101'), () => head)
    for (let n = 0; n < 3; n += 1) {
      await client.send(`<${turn}.${n}>`).upTo(`<${turn}.${n}>`)
      await wait(10)
    }
    client.close()
    return 1
  },
} satisfies Record<string, Kind>

/** Starts so many clients of each kind. None of them ever asks twice. */
export function startLoad(port: number, clients: Partial<Record<keyof typeof kinds, number>>): Load {
  const done: Record<string, number> = {}
  const failed: string[] = []
  let isEnding = false
  const run = async (name: keyof typeof kinds): Promise<void> => {
    for (let turn = 0; !isEnding; turn += 1) {
      try {
        done[name] = (done[name] ?? 0) + (await kinds[name](port, turn, () => isEnding))
      } catch (error) {
        failed.push(`${name}: ${error instanceof Error ? error.message : error}`)
      }
      await wait(Math.random() * 5)
    }
  }
  const running = Object.entries(clients).flatMap(([name, count]) =>
    Array.from({ length: count }, () => run(name as keyof typeof kinds)),
  )
  return {
    done,
    failed,
    stop: async () => {
      isEnding = true
      await Promise.all(running)
    },
  }
}
