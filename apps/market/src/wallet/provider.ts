import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import sql from 'sql-template-tag'
import type { Currency } from '../money.ts'

export const signatureHeader = 'x-provider-signature'

/** HMAC-SHA-512 over the bytes of the body, as Paystack does it. */
export const sign = (secret: string, body: Buffer): string => createHmac('sha512', secret).update(body).digest('hex')

export function isSignedBy(secret: string, body: Buffer, signature: unknown): boolean {
  const expected = Buffer.from(sign(secret, body))
  const found = Buffer.from(typeof signature === 'string' ? signature : '')
  return found.length === expected.length && timingSafeEqual(found, expected)
}

export type Charge = { readonly reference: string; readonly amount: bigint; readonly currency: Currency }

export type DepositProvider = {
  /** Takes the money from the customer's card, and tells it later by webhook. */
  charge(charge: Charge): void
  /** Resolves when everything charged so far was told. */
  idle(): Promise<void>
  stop(): void
}

/** Carries a signed body to the webhook; resolves with the status. */
export type Deliver = (body: Buffer, signature: string) => Promise<number>

const longestDelayMs = 300
const tries = 5

/**
 * A payment provider that always succeeds, some time later, and now and then tells it twice, as real ones do. It knows nothing
 * of the market but the webhook.
 */
export function createSimulatedProvider(options: {
  readonly secret: string
  readonly deliver: Deliver
  readonly log: Logger
  readonly chance: () => number
}): DepositProvider {
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()

  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal: stopping.signal, ref: false })
  const tell = async (body: Buffer): Promise<void> => {
    const signature = sign(options.secret, body)
    for (let attempt = 1; attempt <= tries; attempt++) {
      const status = await options.deliver(body, signature).catch(() => 0)
      if (status >= 200 && status < 300) return
      options.log.warn({ status, attempt }, 'webhook was not taken')
      await wait(200 * 2 ** attempt)
    }
  }
  const settle = async ({ reference, amount, currency }: Charge): Promise<void> => {
    await wait(options.chance() * longestDelayMs)
    const body = Buffer.from(
      JSON.stringify({
        id: randomUUID(),
        event: 'charge.success',
        data: { reference, amount: amount.toString(), currency },
      }),
    )
    await tell(body)
    if (options.chance() < 0.05) await tell(body)
  }

  return {
    charge(charge) {
      const work = settle(charge)
        .catch((error: unknown) => {
          if (!stopping.signal.aborted)
            options.log.error({ err: error, reference: charge.reference }, 'simulated provider failed')
        })
        .finally(() => underWay.delete(work))
      underWay.add(work)
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    stop: () => stopping.abort(),
  }
}

/** What was charged before this process started and never told: the provider is asked again. */
export async function chargesNotTold(pool: pg.Pool): Promise<readonly Charge[]> {
  const { rows } = await pool.query<Charge>(sql`
    select deposit.reference, deposit.amount, deposit.currency
      from market.deposit as deposit
     where deposit.state = 'initiated'
     order by deposit.started_at
     limit 1000`)
  return rows
}
