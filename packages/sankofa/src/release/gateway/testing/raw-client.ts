import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type RawAnswer = {
  readonly status: number
  readonly reason: string
  /** Lower-case names; several of one name in turns. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: string
  readonly trailers: string
}

/**
 * A client that does only what it is told, byte by byte, and never tries anything twice: what it is owed and does not get is an
 * error.
 */
export class RawClient {
  readonly socket: Socket
  /** The other side has said its last. */
  readonly closed: Promise<void>
  #read = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined

  constructor(port: number, options: { readonly tls?: boolean; readonly reading?: boolean } = {}) {
    this.socket =
      options.tls === true
        ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
        : connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setNoDelay(true)
    this.closed = new Promise((resolve) => {
      const end = (): void => {
        this.#ended = true
        this.#wake?.()
        resolve()
      }
      this.socket.on('error', end).on('end', end).on('close', end)
    })
    if (options.reading !== false) this.startReading()
  }

  startReading(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.#read = Buffer.concat([this.#read, chunk])
      this.#wake?.()
    })
  }

  send(text: string | Buffer): this {
    this.socket.write(text)
    return this
  }

  get isEnded(): boolean {
    return this.#ended
  }

  /** What has come and was not read yet. */
  get pending(): string {
    return this.#read.toString('latin1')
  }

  async upTo(mark: string): Promise<string> {
    for (;;) {
      const at = this.#read.indexOf(mark)
      if (at !== -1) return this.#take(at + mark.length).toString('latin1')
      await this.#more(`"${mark}"`)
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#read.length < count) await this.#more(`${count} bytes`)
    return this.#take(count)
  }

  /** The next answer, framed as HTTP/1.1 frames it. */
  async answer(method = 'GET'): Promise<RawAnswer> {
    const head = await this.upTo('\r\n\r\n')
    const [first = '', ...lines] = head.slice(0, -4).split('\r\n')
    const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(first) ?? []
    const headers: Record<string, string[]> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()]
    }
    const answered = { status: Number(status), reason, headers }
    const hasNone = method === 'HEAD' || Number(status) < 200 || ['204', '304'].includes(status)
    if (hasNone) return { ...answered, body: '', trailers: '' }
    if (headers['transfer-encoding']?.[0] === 'chunked') return { ...answered, ...(await this.#chunks()) }
    const length = headers['content-length']?.[0]
    if (length !== undefined)
      return { ...answered, body: (await this.bytes(Number(length))).toString('latin1'), trailers: '' }
    await this.closed
    return { ...answered, body: this.#take(this.#read.length).toString('latin1'), trailers: '' }
  }

  /** One chunk's text; empty for the last. */
  async chunk(): Promise<string> {
    const size = Number.parseInt(await this.upTo('\r\n'), 16)
    if (size === 0) return ''
    const text = (await this.bytes(size)).toString('latin1')
    await this.bytes(2)
    return text
  }

  async get(path: string, headers = ''): Promise<RawAnswer> {
    return this.send(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\n${headers}\r\n`).answer()
  }

  async post(path: string, body: string, headers = ''): Promise<RawAnswer> {
    const length = Buffer.byteLength(body)
    return this.send(
      `POST ${path} HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${length}\r\n${headers}\r\n${body}`,
    ).answer()
  }

  close(): void {
    this.socket.destroy()
  }

  async #chunks(): Promise<{ body: string; trailers: string }> {
    let body = ''
    for (;;) {
      const next = await this.chunk()
      if (next !== '') {
        body += next
        continue
      }
      let trailers = ''
      for (let line = await this.upTo('\r\n'); line !== '\r\n'; line = await this.upTo('\r\n')) trailers += line
      return { body, trailers }
    }
  }

  async #more(wanted: string): Promise<void> {
    if (this.#ended)
      throw new Error(
        `The connection ended while ${wanted} was owed; had ${JSON.stringify(this.pending.slice(0, 300))}.`,
      )
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  #take(count: number): Buffer {
    const taken = this.#read.subarray(0, count)
    this.#read = this.#read.subarray(count)
    return taken
  }
}
