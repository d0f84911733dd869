import { randomUUID } from 'node:crypto'
import { inTransaction } from 'sankofa/db'
import { requestContext } from 'sankofa/observe'
import Type from 'typebox'
import type { App } from '../app.ts'
import { goodsOf, readCart } from '../cart/cart.ts'
import { CurrencyCode } from '../money.ts'
import { findOrder } from '../order/orders.ts'
import { OrderBody, orderView } from '../order/routes.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import { beforePaying, lingerFor, NeverAnswered } from './demo.ts'
import { pay } from './pay.ts'
import { receipt, receiptWithThanks } from './receipt.ts'
import { feeOn, serviceFeeBps } from './service-fee.ts'

export function checkoutRoutes(app: App, services: Services): void {
  const { pool, toolkit, signedIn, takesNewPath } = services

  app.post(
    '/checkout',
    {
      schema: {
        summary: 'Pay the cart from the wallet',
        description: 'Send a new Idempotency-Key for each order, and the same one when you try again: it pays once.',
        headers: Type.Object({ 'idempotency-key': Type.Optional(Type.String({ minLength: 8, maxLength: 100 })) }),
        body: Type.Object({ currency: CurrencyCode }, { additionalProperties: false }),
        response: { 200: OrderBody, 201: OrderBody },
      },
    },
    async (request, reply) => {
      const startedMs = performance.now()
      const user = await signedIn(request, reply)
      const key = request.headers['idempotency-key'] ?? randomUUID()
      const { currency } = request.body

      const earlier = await findOrder(pool, user.id, { key })
      if (earlier !== undefined) {
        if (earlier.currency !== currency)
          throw new Problem('key-reused', `The key "${key}" paid an order in ${earlier.currency}. Use a new key.`)
        return reply.code(200).header('idempotent-replay', 'true').send(orderView(earlier))
      }
      const lines = await readCart(pool, user.id, currency)
      if (lines.length === 0) throw new Problem('cart-empty', 'Put something into the cart first.')

      const feeBps = toolkit.value(serviceFeeBps)
      const goods = goodsOf(lines)
      requestContext()?.attempt('checkout')
      // In a transaction of its own and before anything can go wrong: a checkout that fails or hangs is still known, with its worth.
      await inTransaction(pool, (client) =>
        toolkit.events.record(client, {
          type: 'checkout.attempted',
          subject: user.id,
          actor: user.id,
          reference: key,
          amount: goods + feeOn(goods, feeBps),
          currency,
          data: { lines: lines.length },
        }),
      )

      try {
        const linger = await beforePaying(services, request, reply)
        const receiptOf = (await takesNewPath('demo-good-receipt', request)) ? receiptWithThanks : receipt
        const order = await pay(services, { userId: user.id, key, currency, feeBps, receipt: receiptOf })
        await lingerFor(linger, startedMs)
        requestContext()?.completed('checkout')
        return reply.code(201).send(orderView(order))
      } catch (error) {
        if (error instanceof NeverAnswered) return reply
        throw error
      }
    },
  )
}
