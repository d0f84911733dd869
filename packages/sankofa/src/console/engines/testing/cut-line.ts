import { connect, createServer, type Socket } from 'node:net'

/** A line to PostgreSQL that can be cut: what passes through it is real, and so are the errors when it is gone. */
export type CutLine = {
  readonly url: string
  /** `refused`: nobody listens, open connections break. `silent`: nothing is answered any more. */
  cut(how: 'refused' | 'silent'): void
  mend(): void
  close(): Promise<void>
}

export async function cutLine(databaseUrl: string): Promise<CutLine> {
  const target = new URL(databaseUrl)
  const open = new Set<Socket>()
  let state: 'whole' | 'refused' | 'silent' = 'whole'
  const server = createServer((near) => {
    if (state === 'refused') return near.destroy()
    const far = connect({ host: target.hostname, port: Number(target.port || 5432) })
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('close', () => open.delete(socket)).on('error', () => {})
    }
    near.on('data', (bytes) => state === 'whole' && far.write(bytes)).on('close', () => far.destroy())
    far.on('data', (bytes) => state === 'whole' && near.write(bytes)).on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(typeof address === 'object' && address !== null ? address.port : 0)
  const breakAll = (): void => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: url.href,
    cut(how) {
      state = how
      if (how === 'refused') breakAll()
    },
    mend() {
      state = 'whole'
      breakAll()
    },
    close() {
      breakAll()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
