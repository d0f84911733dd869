import Type, { type Static } from 'typebox'

export const currencies = ['NGN', 'USD'] as const
export type Currency = (typeof currencies)[number]

export const CurrencyCode = Type.Union([Type.Literal('NGN'), Type.Literal('USD')])
/** Minor units as text: JSON numbers lose what a bigint keeps. */
export const MinorUnits = Type.String({
  pattern: '^-?[0-9]{1,18}$',
  description: 'minor units (kobo, cents)',
  examples: ['450000'],
})
export const PositiveMinorUnits = Type.String({
  pattern: '^[1-9][0-9]{0,14}$',
  description: 'minor units (kobo, cents)',
  examples: ['450000'],
})

export const Money = Type.Object({ amount: MinorUnits, currency: CurrencyCode })
type MoneyBody = Static<typeof Money>

export const money = (amount: bigint, currency: Currency): MoneyBody => ({ amount: amount.toString(), currency })
