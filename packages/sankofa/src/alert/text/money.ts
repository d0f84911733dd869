import type { Worth } from '../../events/index.ts'

/** Digits of the minor unit, where they are not two (ISO 4217), and the signs that readers know. */
const exponents: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
}
const signs: Readonly<Record<string, string>> = {
  NGN: '₦',
  GHS: 'GH₵',
  USD: '$',
  EUR: '€',
  GBP: '£',
  JPY: '¥',
  INR: '₹',
}

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `₦184,500`, `$12.50`, `KES 1,000`: every digit from the integer, none from a float. */
export function formatMoney({ currency, amount }: Worth): string {
  const exponent = exponents[currency] ?? 2
  const digits = (amount < 0n ? -amount : amount).toString().padStart(exponent + 1, '0')
  const whole = digits.slice(0, digits.length - exponent)
  const fraction = digits.slice(digits.length - exponent)
  const sign = signs[currency] ?? `${currency} `
  return `${amount < 0n ? '-' : ''}${sign}${grouped.format(BigInt(whole))}${/^0*$/.test(fraction) ? '' : `.${fraction}`}`
}

/** All currencies in one phrase; past three the rest are counted. */
export function formatWorth(worth: readonly Worth[]): string {
  const shown = worth.slice(0, 3).map(formatMoney)
  const rest = worth.length - shown.length
  return listed(rest > 0 ? [...shown, `${rest} more ${rest === 1 ? 'currency' : 'currencies'}`] : shown)
}

/** `a`, `a and b`, `a, b and c` */
export const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
