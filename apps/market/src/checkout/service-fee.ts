import { defineTunable } from 'sankofa/flags'
import Type from 'typebox'

/** Changed while the market runs; a checkout reads it once, so that what is shown is what is charged. */
export const serviceFeeBps = defineTunable({
  id: 'service-fee-bps',
  title: 'Service fee on every order, in hundredths of a percent',
  owner: 'payments',
  schema: Type.Integer({ minimum: 0, maximum: 500 }),
  initial: 100,
})

/** Rounded half up, to the nearest minor unit. */
export const feeOn = (goods: bigint, bps: number): bigint => (goods * BigInt(bps) + 5_000n) / 10_000n
