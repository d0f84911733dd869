import Type, { type Static } from 'typebox'
import type { App } from '../app.ts'
import { type Currency, CurrencyCode, Money, money } from '../money.ts'
import type { Services } from '../services.ts'
import {
  findProduct,
  listProducts,
  listProductsSortedHere,
  type Product,
  pageSize,
  recommendations,
  recommendationsByOrders,
} from './products.ts'
import { search, searchSlowly } from './search.ts'

const ProductBody = Type.Object({
  id: Type.String(),
  sku: Type.String(),
  name: Type.String(),
  category: Type.String(),
  price: Money,
  inStock: Type.Boolean(),
})
const Id = Type.String({ pattern: '^[1-9][0-9]{0,17}$', examples: ['7'] })
const InCurrency = { currency: Type.Optional(CurrencyCode) }

const view = (product: Product, currency: Currency): Static<typeof ProductBody> => ({
  id: product.id.toString(),
  sku: product.sku,
  name: product.name,
  category: product.category,
  price: money(product.price, currency),
  inStock: product.stock > 0,
})

export function catalogueRoutes(app: App, services: Services): void {
  const { pool, takesNewPath } = services

  app.get(
    '/products',
    {
      schema: {
        summary: 'Products by name, a page at a time',
        querystring: Type.Object({
          category: Type.Optional(Type.String({ maxLength: 60 })),
          page: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
          ...InCurrency,
        }),
        response: {
          200: Type.Object({ total: Type.Integer(), pageSize: Type.Integer(), products: Type.Array(ProductBody) }),
        },
      },
    },
    async (request) => {
      const { category, page = '1', currency = 'NGN' } = request.query
      const list = (await takesNewPath('demo-good-sorting', request)) ? listProductsSortedHere : listProducts
      const { products, total } = await list(pool, {
        ...(category === undefined ? {} : { category }),
        page: Number(page),
        currency,
      })
      return { total, pageSize, products: products.map((product) => view(product, currency)) }
    },
  )

  app.get(
    '/products/:id',
    {
      schema: {
        summary: 'One product',
        params: Type.Object({ id: Id }),
        querystring: Type.Object(InCurrency),
        response: {
          200: Type.Intersect([ProductBody, Type.Object({ description: Type.String(), soldLately: Type.Integer() })]),
        },
      },
    },
    async (request) => {
      const { currency = 'NGN' } = request.query
      const product = await findProduct(pool, BigInt(request.params.id), currency)
      return { ...view(product, currency), description: product.description, soldLately: product.sold }
    },
  )

  app.get(
    '/products/:id/recommendations',
    {
      schema: {
        summary: 'What goes with it',
        params: Type.Object({ id: Id }),
        querystring: Type.Object(InCurrency),
        response: { 200: Type.Array(ProductBody) },
      },
    },
    async (request) => {
      const { currency = 'NGN' } = request.query
      const recommend = (await takesNewPath('demo-good-recommendations', request))
        ? recommendationsByOrders
        : recommendations
      return (await recommend(pool, BigInt(request.params.id), currency)).map((product) => view(product, currency))
    },
  )

  app.get(
    '/search',
    {
      schema: {
        summary: 'Products by words',
        querystring: Type.Object({ q: Type.String({ minLength: 1, maxLength: 100 }), ...InCurrency }),
        response: {
          200: Type.Object({
            products: Type.Array(ProductBody),
            categories: Type.Array(Type.Object({ category: Type.String(), n: Type.Integer() })),
          }),
        },
      },
    },
    async (request) => {
      const { q, currency = 'NGN' } = request.query
      const find = (await takesNewPath('demo-slow-search', request)) ? searchSlowly : search
      const { products, categories } = await find(pool, q, currency)
      return { products: products.map((product) => view(product, currency)), categories: [...categories] }
    },
  )
}
