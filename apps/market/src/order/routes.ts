import Type, { type Static } from 'typebox'
import type { App } from '../app.ts'
import { Money, money } from '../money.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import { findOrder, listOrders, type Order } from './orders.ts'

export const OrderBody = Type.Object({
  id: Type.String(),
  paidAt: Type.String(),
  goods: Money,
  fee: Money,
  total: Money,
  lines: Type.Array(
    Type.Object({ productId: Type.String(), name: Type.String(), quantity: Type.Integer(), unitPrice: Money }),
  ),
  receipt: Type.Array(Type.String()),
})

export type OrderView = Static<typeof OrderBody>

export const orderView = (order: Order): OrderView => ({
  id: order.id.toString(),
  paidAt: order.paidAt.toISOString(),
  goods: money(order.goods, order.currency),
  fee: money(order.fee, order.currency),
  total: money(order.total, order.currency),
  lines: order.lines.map((line) => ({
    productId: line.product.toString(),
    name: line.name,
    quantity: line.quantity,
    unitPrice: money(line.unitPrice, order.currency),
  })),
  receipt: [...order.receipt],
})

export function orderRoutes(app: App, { pool, signedIn }: Services): void {
  app.get(
    '/orders',
    {
      schema: {
        summary: 'Your newest orders',
        response: {
          200: Type.Array(
            Type.Object({ id: Type.String(), paidAt: Type.String(), total: Money, items: Type.Integer() }),
          ),
        },
      },
    },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      const orders = await listOrders(pool, user.id)
      return orders.map((order) => ({
        id: order.id.toString(),
        paidAt: order.paidAt.toISOString(),
        total: money(order.total, order.currency),
        items: order.items,
      }))
    },
  )

  app.get(
    '/orders/:id',
    {
      schema: {
        summary: 'One order with its receipt',
        params: Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,17}$' }) }),
        response: { 200: OrderBody },
      },
    },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      const order = await findOrder(pool, user.id, { id: BigInt(request.params.id) })
      if (order === undefined) throw new Problem('not-found', `You have no order ${request.params.id}.`)
      return orderView(order)
    },
  )
}
