import Type from 'typebox'
import type { App } from './app.ts'
import { CurrencyCode, MinorUnits } from './money.ts'

const zones = [
  { zone: 'Lagos', fee: { NGN: '150000', USD: '200' }, days: 1 },
  { zone: 'South-West', fee: { NGN: '250000', USD: '300' }, days: 3 },
  { zone: 'Rest of Nigeria', fee: { NGN: '400000', USD: '450' }, days: 5 },
  { zone: 'Ghana', fee: { NGN: '1200000', USD: '1200' }, days: 8 },
] as const

// Fixed on 2026-11-20 by hand; the desk's rates come with trades.
const rates = { from: 'USD', to: 'NGN', minorPerMinor: '1480.00', of: '2026-11-20' } as const

/** Answers that need no database: they go on while PostgreSQL is away. */
export function placesRoutes(app: App): void {
  app.get(
    '/health',
    { schema: { summary: 'The process answers', response: { 200: Type.Object({ status: Type.Literal('ok') }) } } },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/shipping-zones',
    {
      schema: {
        summary: 'Where parcels go',
        response: {
          200: Type.Array(
            Type.Object({
              zone: Type.String(),
              fee: Type.Object({ NGN: MinorUnits, USD: MinorUnits }),
              days: Type.Integer(),
            }),
          ),
        },
      },
    },
    async () => [...zones],
  )

  app.get(
    '/exchange-rates',
    {
      schema: {
        summary: 'What a dollar is worth here',
        response: {
          200: Type.Object({ from: CurrencyCode, to: CurrencyCode, minorPerMinor: Type.String(), of: Type.String() }),
        },
      },
    },
    async () => rates,
  )
}
