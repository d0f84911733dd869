import Type from 'typebox'
import type { App } from '../app.ts'
import { type Currency, CurrencyCode, Money, money } from '../money.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import { goodsOf, putLine, readCart, removeLine } from './cart.ts'

const Id = Type.String({ pattern: '^[1-9][0-9]{0,17}$' })
const CartBody = Type.Object({
  lines: Type.Array(
    Type.Object({ productId: Type.String(), name: Type.String(), quantity: Type.Integer(), unitPrice: Money }),
  ),
  goods: Money,
})

export function cartRoutes(app: App, services: Services): void {
  const { pool, signedIn } = services
  const view = async (userId: string, currency: Currency) => {
    const lines = await readCart(pool, userId, currency)
    return {
      lines: lines.map((line) => ({
        productId: line.product.toString(),
        name: line.name,
        quantity: line.quantity,
        unitPrice: money(line.unitPrice, currency),
      })),
      goods: money(goodsOf(lines), currency),
    }
  }

  app.get(
    '/cart',
    {
      schema: {
        summary: 'What is in the cart',
        querystring: Type.Object({ currency: Type.Optional(CurrencyCode) }),
        response: { 200: CartBody },
      },
    },
    async (request, reply) => view((await signedIn(request, reply)).id, request.query.currency ?? 'NGN'),
  )

  app.put(
    '/cart/lines/:productId',
    {
      schema: {
        summary: 'Put so many of a product into the cart',
        params: Type.Object({ productId: Id }),
        body: Type.Object({ quantity: Type.Integer({ minimum: 1, maximum: 20 }) }, { additionalProperties: false }),
        response: { 200: CartBody },
      },
    },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      await putLine(services, user.id, BigInt(request.params.productId), request.body.quantity)
      return view(user.id, 'NGN')
    },
  )

  app.delete(
    '/cart/lines/:productId',
    {
      schema: {
        summary: 'Take a product out of the cart',
        params: Type.Object({ productId: Id }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      const removed = await removeLine(pool, user.id, BigInt(request.params.productId))
      if (!removed) throw new Problem('not-found', `Product ${request.params.productId} is not in the cart.`)
      return reply.code(204).send(null)
    },
  )
}
