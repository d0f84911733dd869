import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import { answerHead } from './answer-head.ts'
import type { GatewayLimits } from './limits.ts'
import { lingerOver, refuse } from './refuse.ts'
import type { RequestHead } from './request-head.ts'
import { tunnel } from './tunnel.ts'
import { BodyTooLarge, Upload } from './upload.ts'
import type { Target, Unanswered, Upstream } from './upstream.ts'
import type { Place, Upstreams } from './upstreams.ts'
import { isConnectionLost, isNeverSent, reasonOf } from './why-failed.ts'

/** What all exchanges of a gateway share. */
export type Exchanges = {
  readonly upstreams: Upstreams
  readonly limits: GatewayLimits
  readonly log: Logger
  readonly showRelease: boolean
  /** Those that wait for their answer to begin, looked through by the sweep. */
  readonly waiting: Set<Exchange>
  isDraining(): boolean
  target(key: string): Target | undefined
  onUnanswered(failure: Unanswered): void
}

/** What may be sent twice: it changes nothing by what HTTP says of it (RFC 9110, 9.2.1). */
const safe = new Set(['GET', 'HEAD', 'OPTIONS'])
const plainText = /^[\x20-\x7e]*$/
const joinedUpTo = 16 * 1024
const attemptsAtMost = 4

/** One request, from its head to the last byte of its answer, over as many attempts as it may have. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #shared: Exchanges
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #head: RequestHead
  readonly #upgrade: string | null
  readonly #onContinue: (() => void) | undefined
  readonly #startedMs = performance.now()
  #first: Upstream | undefined
  #otherwise: Upstream | undefined
  #place: Place | undefined
  /** Where it was sent last. */
  #lastUpstream: Upstream | undefined
  #upload: Upload | null = null
  #controller: Dispatcher.DispatchController | undefined
  #attempts = 0
  readonly #tried: string[] = []
  #triedFresh = false
  #wasSent = false
  #bodySent = true
  #firstFailed: Unanswered['reason'] | undefined
  #answerBegun = false
  /** The client has left or was told that nothing comes; what the upstream still says is for nobody. */
  #isOver = false
  #paused = false
  #isWhole = false
  #length: number | undefined
  #forwardsTrailers = false
  /** When something was last sent to the upstream; from then on it is silent. */
  #quietSinceMs = 0
  #toldSilent = false

  constructor(
    shared: Exchanges,
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    options: { readonly upgrade?: string | undefined; onContinue?: (() => void) | undefined } = {},
  ) {
    this.#shared = shared
    this.#request = request
    this.#response = response
    this.#head = head
    this.#upgrade = options.upgrade ?? null
    this.#onContinue = options.onContinue
  }

  begin(): void {
    const target = this.#shared.target(this.#head.key)
    if (target === undefined) {
      refuse(this.#response, 503, 'No release of this service is ready to answer.', this.#head.requestId)
      return
    }
    this.#first = target.upstream
    this.#otherwise = target.otherwise
    ;(this.#response as ExchangedResponse)[exchangeKey] = this
    this.#response.on('close', closed)
    this.#send(target.upstream)
  }

  // ——— sending

  #send(upstream: Upstream, isFresh = false): void {
    const { upstreams, waiting, limits } = this.#shared
    const { method, path, headers, hasBody } = this.#head
    this.#attempts += 1
    this.#tried.push(upstream.origin)
    this.#place = upstreams.enter(upstream)
    this.#wasSent = false
    this.#quietSinceMs = performance.now()
    if (hasBody) {
      this.#bodySent = false
      this.#upload = new Upload(this.#request, limits.bodyBytes, () => this.#onContinue?.())
    }
    waiting.add(this)
    const dispatcher = isFresh ? upstreams.fresh(this.#place) : this.#place.pool
    dispatcher.dispatch({ method, path, headers, body: this.#upload?.asBody() ?? null, upgrade: this.#upgrade }, this)
    // It ends with the one request that it has.
    if (isFresh) void dispatcher.close()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) controller.abort(new Error('The client left.'))
    else this.#wasSent = true
  }

  onBodySent(): void {
    this.#quietSinceMs = performance.now()
  }

  onRequestSent(): void {
    this.#bodySent = true
  }

  // ——— the answer

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    given: IncomingHttpHeaders,
    text = '',
  ): void {
    if (status < 200) {
      if (status === 103 && typeof given.link === 'string' && !this.#isOver)
        this.#response.writeEarlyHints({ link: given.link })
      return
    }
    this.#controller = controller
    const response = this.#response
    const { headers, length, isPublic } = answerHead(given)
    const { showRelease } = this.#shared
    if (showRelease) headers.push('x-sankofa-release', this.#place?.upstream.release ?? '')
    const { newcomer, method } = this.#head
    // A cache in front would hand the cookie to everybody.
    if (newcomer !== undefined && !isPublic) headers.push('set-cookie', newcomer.setCookie)
    if (this.#shared.isDraining()) response.shouldKeepAlive = false
    this.#length = length
    this.#forwardsTrailers = given.trailer !== undefined && length === undefined && method !== 'HEAD'
    response.writeHead(status, plainText.test(text) ? text : '', headers)
    this.#begun()
    // The body mostly comes with the head. When it does not, as with a stream of events, the head goes alone, at once.
    process.nextTick(flushHead, response)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const response = this.#response
    if (chunk.length === this.#length && chunk.length <= joinedUpTo) {
      // As text, head and body leave in one write.
      this.#isWhole = true
      response.end(chunk.toString('latin1'), 'latin1')
      return
    }
    if (response.write(chunk)) return
    controller.pause()
    if (this.#paused) return
    this.#paused = true
    response.socket?.setTimeout(this.#shared.limits.writeStallMs)
    response.once('drain', () => {
      this.#paused = false
      response.socket?.setTimeout(0)
      controller.resume()
    })
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#leave()
    const response = this.#response
    if (!this.#isWhole) {
      if (this.#forwardsTrailers) response.addTrailers(trailers as Record<string, string>)
      response.end()
      if (response.writableLength > joinedUpTo) response.socket?.setTimeout(this.#shared.limits.writeStallMs)
    }
    // The answer came before the request was whole: the rest is let through for a moment, unread.
    if (!this.#request.complete) lingerOver(this.#request)
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    given: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#begun()
    const place = this.#place
    if (place === undefined) return
    this.#place = undefined
    this.#shared.upstreams.upgraded(place, socket)
    const { headers } = answerHead(given)
    if (this.#head.newcomer !== undefined) headers.push('set-cookie', this.#head.newcomer.setCookie)
    if (this.#shared.showRelease) headers.push('x-sankofa-release', place.upstream.release)
    tunnel(this.#response, status, headers, given.upgrade ?? this.#upgrade ?? '', socket)
  }

  // ——— the end

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#leave()
    if (this.#isOver) return
    const response = this.#response
    if (this.#answerBegun) {
      // Cut, so that the client sees that it is not whole.
      this.#tell(reasonOf(error))
      response.destroy()
      return
    }
    if (error instanceof BodyTooLarge) {
      this.#give(413, error.message)
      return
    }
    if ('code' in error && error.code === 'UND_ERR_INVALID_ARG') {
      this.#give(400, 'The request cannot be sent on as it is.')
      return
    }
    this.#firstFailed ??= reasonOf(error)
    const next = this.#next(error)
    if (next !== undefined) {
      this.#send(next.upstream, next.isFresh)
      return
    }
    this.#shared.log.warn(
      { err: error, requestId: this.#head.requestId, release: this.#first?.release, attempts: this.#attempts },
      'a request was not answered by any release',
    )
    this.#tell(this.#firstFailed)
    this.#give(502, 'The service did not answer this request.')
  }

  /** Where a request may be sent again after `error`; `undefined`: nowhere, because it may have been acted on. */
  #next(error: Error): { readonly upstream: Upstream; readonly isFresh: boolean } | undefined {
    if (this.#attempts >= attemptsAtMost || this.#upload?.untouched === false) return undefined
    const { method } = this.#head
    const neverSent = !this.#wasSent && isNeverSent(error)
    const mayRepeat = safe.has(method) && !this.#head.hasBody && this.#upgrade === null && isConnectionLost(error)
    if (!neverSent && !mayRepeat) return undefined
    const at = this.#lastUpstream
    // The connection may have been closing while the request was on its way: the same release first, over a new one.
    if (!neverSent && !this.#triedFresh && at !== undefined) {
      this.#triedFresh = true
      return { upstream: at, isFresh: true }
    }
    // Asked again: meanwhile it may be known that the release is gone, or has started again elsewhere.
    const again = this.#shared.target(this.#head.key)
    const upstream = [again?.upstream, again?.otherwise, this.#otherwise].find(
      (other) => other !== undefined && !this.#tried.includes(other.origin),
    )
    return upstream === undefined ? undefined : { upstream, isFresh: false }
  }

  /** @internal asked by the sweep, twice a second */
  look(nowMs: number): void {
    const { silentAfterMs, answerWithinMs } = this.#shared.limits
    const quietMs = nowMs - this.#quietSinceMs
    if (quietMs < silentAfterMs && quietMs < answerWithinMs) return
    // The rest of the request is not here yet: it is the client that is silent.
    if (!this.#bodySent && this.#upload !== null && !this.#upload.untouched && !this.#upload.held) return
    if (quietMs >= answerWithinMs) {
      this.#shared.waiting.delete(this)
      this.#isOver = true
      this.#tell('timeout')
      this.#controller?.abort(new Error('No answer in time.'))
      this.#leave()
      refuse(this.#response, 504, 'The service did not answer this request in time.', this.#head.requestId)
      if (!this.#request.complete) lingerOver(this.#request)
    } else if (!this.#toldSilent) {
      this.#toldSilent = true
      this.#report(this.#place?.upstream.release, 'silent', undefined)
    }
  }

  /** The client's connection has closed, after the answer or before. */
  clientClosed(): void {
    if (this.#response.writableFinished || this.#isOver) return
    this.#isOver = true
    this.#controller?.abort(new Error('The client left.'))
    this.#upload?.destroy()
    this.#leave()
  }

  #begun(): void {
    this.#answerBegun = true
    this.#shared.waiting.delete(this)
    const savedBy = this.#place?.upstream.release
    if (this.#firstFailed !== undefined && savedBy !== this.#first?.release)
      this.#report(this.#first?.release, this.#firstFailed, savedBy)
  }

  #leave(): void {
    this.#shared.waiting.delete(this)
    if (this.#place === undefined) return
    this.#shared.upstreams.leave(this.#place)
    this.#lastUpstream = this.#place.upstream
    this.#place = undefined
  }

  #give(status: number, why: string): void {
    refuse(this.#response, status, why, this.#head.requestId)
    if (!this.#request.complete) lingerOver(this.#request)
  }

  #tell(reason: Unanswered['reason']): void {
    this.#report((this.#answerBegun ? this.#lastUpstream : this.#first)?.release, reason, undefined)
  }

  #report(release: string | undefined, reason: Unanswered['reason'], savedBy: string | undefined): void {
    if (release === undefined) return
    const { key, method, requestId } = this.#head
    const startedMs = Math.round(performance.timeOrigin + this.#startedMs)
    this.#shared.onUnanswered({
      key,
      release,
      reason,
      method,
      requestId,
      startedMs,
      ...(savedBy === undefined ? {} : { savedBy }),
    })
  }
}

const exchangeKey = Symbol('sankofa exchange')
type ExchangedResponse = ServerResponse & { [exchangeKey]?: Exchange }

// One function for all: a closure for each request is dear to collect.
function closed(this: ExchangedResponse): void {
  this[exchangeKey]?.clientClosed()
}

function flushHead(response: ServerResponse): void {
  if (!response.writableEnded && !response.destroyed) response.flushHeaders()
}
