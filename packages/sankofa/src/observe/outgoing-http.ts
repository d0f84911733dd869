import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { contexts, type OpenContext } from './request-context.ts'

type Pending = { readonly context: OpenContext; readonly startMs: number }
const pending = new WeakMap<object, Pending>()

const begin = (message: unknown): void => {
  const context = contexts.getStore()
  const request = requestOf(message)
  if (context === undefined || request === undefined) return
  pending.set(request, { context, startMs: performance.now() })
  if (context.traceparent !== undefined) passOn(request, context.traceparent)
}

/** Until the reply's head, or the failure: reading the body is the handler's own pace. */
const end = (message: unknown): void => {
  const request = requestOf(message)
  const begun = request === undefined ? undefined : pending.get(request)
  if (request === undefined || begun === undefined) return
  pending.delete(request)
  begun.context.timings.httpUs += Math.round((performance.now() - begun.startMs) * 1_000)
}

// undici (and with it `fetch`), then node:http and node:https.
const beginnings = ['undici:request:create', 'http.client.request.start']
const ends = [
  'undici:request:headers',
  'undici:request:error',
  'http.client.response.finish',
  'http.client.request.error',
]

let users = 0

/** Adds the time of outgoing requests to the request that made them, through Node's own channels. @returns the end of it */
export function observeOutgoingHttp(): () => void {
  if (users === 0) {
    for (const channel of beginnings) subscribe(channel, begin)
    for (const channel of ends) subscribe(channel, end)
  }
  users += 1
  let ended = false
  return () => {
    if (ended) return
    ended = true
    users -= 1
    if (users > 0) return
    for (const channel of beginnings) unsubscribe(channel, begin)
    for (const channel of ends) unsubscribe(channel, end)
  }
}

function requestOf(message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('request' in message)) return undefined
  return typeof message.request === 'object' && message.request !== null ? message.request : undefined
}

/** Only undici's requests can still be given a header here; one that the service set itself stays. */
function passOn(request: object, traceparent: string): void {
  if (!('addHeader' in request) || typeof request.addHeader !== 'function') return
  const headers = 'headers' in request ? request.headers : undefined
  const has = Array.isArray(headers)
    ? headers.some((name) => typeof name === 'string' && name.toLowerCase() === 'traceparent')
    : typeof headers === 'string' && /^traceparent:/im.test(headers)
  if (!has) request.addHeader('traceparent', traceparent)
}
