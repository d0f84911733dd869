import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Currency } from '../money.ts'
import type { Browser, Outcome } from './browser.ts'
import { type Look, looks, patience, session, topUp } from './mix.ts'

const words = [
  'coffee',
  'phone charger',
  'solar',
  'rice',
  'cotton',
  'shoes',
  'basket',
  'drum',
  'soap',
  'pepper',
  'lantern',
  'book',
  'oil',
  'size 42',
  'wood',
] as const
const products = 240

export type Visit = {
  readonly browser: Browser
  readonly currency: Currency
  /** In [0, 1). */
  readonly chance: () => number
  readonly stopping: AbortSignal
}

/** How a visit ended: as planned, or because something went wrong for the customer. */
export type Ended = 'content' | 'annoyed' | 'stopped'

/** One session of a signed-in customer. */
export async function visit(one: Visit): Promise<Ended> {
  const { browser, currency, chance } = one
  try {
    const wallets = await browser.send('GET', '/wallets')
    if (annoys(wallets, chance)) return 'annoyed'
    await payInWhenLow(browser, wallets, currency)
    const rounds = roundsOf(chance)
    for (let round = 0; round < rounds; round++) {
      await think(one)
      if (annoys(await look(one), chance)) return 'annoyed'
      if (chance() < session.secondLook) {
        await think(one)
        if (annoys(await look(one), chance)) return 'annoyed'
      }
      await think(one)
      const put = await browser.send('PUT', `/cart/lines/${popular(chance)}`, {
        body: { quantity: chance() < 0.8 ? 1 : 2 },
      })
      if (annoys(put, chance)) return 'annoyed'
      await think(one)
      if (annoys(await checkOut(one), chance)) return 'annoyed'
    }
    return 'content'
  } catch (error) {
    if (one.stopping.aborted) return 'stopped'
    throw error
  }
}

/** Between one and eight, with the mean of the published mix. */
function roundsOf(chance: () => number): number {
  let rounds = 1
  // Each further round comes with this chance; at most 8, and 3.75 on average.
  while (rounds < 8 && chance() < 0.765) rounds += 1
  return rounds
}

const think = ({ chance, stopping }: Visit): Promise<void> => {
  const ms = Math.min(6_000, -Math.log(1 - chance()) * session.meanThinkMs)
  return delay(Math.max(100, ms), undefined, { signal: stopping })
}

/** An answer of 500 and above annoys some; no answer at all annoys everybody. */
function annoys(outcome: Outcome, chance: () => number): boolean {
  if (outcome === undefined) return true
  return outcome.status >= 500 && chance() < patience.leavesAfterFailure
}

async function checkOut({ browser, currency, chance }: Visit): Promise<Outcome> {
  const key = randomUUID()
  const first = await browser.send('POST', '/checkout', { body: { currency }, key })
  if (first !== undefined || chance() >= patience.triesAgainAfterTimeout) return first
  return browser.send('POST', '/checkout', { body: { currency }, key })
}

async function payInWhenLow(browser: Browser, wallets: Outcome, currency: Currency): Promise<void> {
  if (wallets?.status !== 200 || !Array.isArray(wallets.body)) return
  const wallet = wallets.body.find((candidate: { currency: Currency }) => candidate.currency === currency) as
    | { available: string }
    | undefined
  if (wallet === undefined || BigInt(wallet.available) >= topUp[currency].below) return
  await browser.send('POST', '/deposits', { body: { amount: topUp[currency].amount.toString(), currency } })
}

/** Few products sell most: the nth is bought about 1/n as often. */
const popular = (chance: () => number): number => Math.min(products, Math.floor((products + 1) ** chance()))

function look({ browser, chance }: Visit): Promise<Outcome> {
  const product = popular(chance)
  const paths: Record<Look, string> = {
    'list products': `/products?page=${1 + Math.floor(chance() * 5)}`,
    'open a product': `/products/${product}`,
    search: `/search?q=${encodeURIComponent(words[Math.floor(chance() * words.length)] ?? words[0])}`,
    recommendations: `/products/${product}/recommendations`,
    cart: '/cart',
    orders: '/orders',
    statement: '/wallets/NGN/statement',
    'shipping zones': '/shipping-zones',
    'exchange rates': '/exchange-rates',
  }
  return browser.send('GET', paths[draw(chance)])
}

function draw(chance: () => number): Look {
  let left = chance()
  for (const { look: candidate, share } of looks) {
    left -= share
    if (left < 0) return candidate
  }
  return looks[0].look
}
