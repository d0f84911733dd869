import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

/**
 * The body of a request on its way to a release. Between the two, because the client of the upstream destroys a body that it
 * does not need any more, and with the request the client's connection would go before its answer.
 *
 * A stream of the oldest kind, events and no buffer of its own, which undici takes as well: a `Readable` in between made an
 * upload of 20 kB a fifth dearer.
 */
export class Upload extends EventEmitter {
  readonly #request: IncomingMessage
  readonly #atMost: number
  readonly #onBegin: () => void
  #bytes = 0
  #begun = false
  destroyed = false

  constructor(request: IncomingMessage, atMost: number, onBegin: () => void) {
    super()
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

  asBody(): Readable {
    return this as unknown as Readable
  }

  /** By having it undici knows a stream; it reads by events. */
  pipe(): never {
    throw new Error('A body on its way is read by its events.')
  }

  pause(): void {
    this.#request.pause()
  }

  resume(): void {
    if (this.destroyed) return
    if (this.#begun) {
      this.#request.resume()
      return
    }
    this.#begun = true
    this.#onBegin()
    this.#request.on('data', this.#pass).on('end', this.#end).on('error', this.#break).on('close', this.#closed)
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this
    this.destroyed = true
    this.#request.off('data', this.#pass).off('end', this.#end).off('close', this.#closed)
    if (error !== undefined && this.listenerCount('error') > 0) this.emit('error', error)
    return this
  }

  readonly #pass = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    if (this.#bytes > this.#atMost) this.destroy(new BodyTooLarge(this.#atMost))
    else this.emit('data', chunk)
  }

  readonly #end = (): void => {
    this.emit('end')
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
