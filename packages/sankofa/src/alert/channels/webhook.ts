import { createHmac, timingSafeEqual } from 'node:crypto'
import type { WebhookSettings } from '../settings.ts'
import type { Channel } from './channel.ts'

const answerWithinMs = 5_000

/** POST with JSON; any 2xx means taken. Redirects are not followed: the signature was made for one receiver. */
export const webhookChannel = (settings: WebhookSettings, now: () => number): Channel => ({
  name: settings.name,
  audiences: settings.audiences,
  async send(notice) {
    const body = JSON.stringify({
      id: notice.dedupKey,
      at: notice.at.toISOString(),
      audience: notice.audience,
      incident: notice.incident?.toString() ?? null,
      subject: notice.subject,
      text: notice.body,
      data: notice.data,
    })
    const timestamp = String(Math.floor(now() / 1_000))
    const answer = await fetch(settings.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(answerWithinMs),
      headers: {
        'content-type': 'application/json',
        'sankofa-notice': notice.dedupKey,
        'sankofa-timestamp': timestamp,
        'sankofa-signature': `v1=${sign(settings.secret, timestamp, body)}`,
      },
      body,
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`answered ${answer.status}`)
  },
})

const sign = (secret: string, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')

/**
 * For receivers: is this request from us, unaltered, and recent?
 *
 * @param request.body - the raw body, as it came
 * @param request.nowMs - the receiver's clock; 5 min to either side are allowed
 * @example
 * verifyWebhook({ secret, headers: request.headers, body: rawBody, nowMs: Date.now() })
 */
export function verifyWebhook(request: {
  readonly secret: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
  readonly nowMs: number
}): boolean {
  const timestamp = request.headers['sankofa-timestamp']
  const signature = request.headers['sankofa-signature']
  if (typeof timestamp !== 'string' || typeof signature !== 'string' || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(request.nowMs - Number(timestamp) * 1_000) > 5 * 60_000) return false
  const expected = Buffer.from(`v1=${sign(request.secret, timestamp, request.body)}`)
  const found = Buffer.from(signature)
  return found.length === expected.length && timingSafeEqual(found, expected)
}
