import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/**
 * The body of a request on its way to a release. Between the two, because the client of the upstream destroys a body that it
 * does not need any more, and with the request the client's connection would go before its answer.
 */
export class Upload extends Readable {
  readonly #request: IncomingMessage
  readonly #atMost: number
  readonly #onBegin: () => void
  #bytes = 0
  #begun = false

  constructor(request: IncomingMessage, atMost: number, onBegin: () => void) {
    super({ highWaterMark: 64 * 1024 })
    this.#request = request
    this.#atMost = atMost
    this.#onBegin = onBegin
  }

  /** Nothing was taken from the request yet, so that it can still be sent to another. */
  get untouched(): boolean {
    return !this.#begun
  }

  /** It is the upstream that takes nothing now; else it is the client that sends nothing. */
  get held(): boolean {
    return this.#begun && this.#request.isPaused()
  }

  override _read(): void {
    if (this.#begun) {
      this.#request.resume()
      return
    }
    this.#begun = true
    this.#onBegin()
    this.#request.on('data', this.#pass).on('end', this.#end).on('error', this.#break).on('close', this.#closed)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#request.off('data', this.#pass).off('end', this.#end).off('close', this.#closed)
    callback(error)
  }

  readonly #pass = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    if (this.#bytes > this.#atMost) this.destroy(new BodyTooLarge(this.#atMost))
    else if (!this.push(chunk)) this.#request.pause()
  }

  readonly #end = (): void => {
    this.push(null)
  }

  readonly #break = (error: Error): void => {
    this.destroy(error)
  }

  readonly #closed = (): void => {
    if (!this.#request.complete) this.destroy(new Error('The client left before the body of its request was whole.'))
  }
}

export class BodyTooLarge extends Error {
  constructor(atMost: number) {
    super(`The body has more than ${atMost} bytes, which is all that is taken.`)
  }
}
