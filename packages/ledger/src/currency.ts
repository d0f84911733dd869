import { LedgerError } from './errors.ts'

/**
 * ISO 4217 exponents, list one of 2024-06-25. Never taken from `Intl`, which disagrees on 16 currencies in use
 * (COP, HUF, IDR, IQD, PKR and others).
 */
const exponents: Readonly<Record<string, number>> = {
  AED: 2,
  AUD: 2,
  BHD: 3,
  BRL: 2,
  BWP: 2,
  CAD: 2,
  CHF: 2,
  CLP: 0,
  CNY: 2,
  COP: 2,
  DKK: 2,
  EGP: 2,
  ETB: 2,
  EUR: 2,
  GBP: 2,
  GHS: 2,
  HKD: 2,
  HUF: 2,
  IDR: 2,
  INR: 2,
  IQD: 3,
  JOD: 3,
  JPY: 0,
  KES: 2,
  KRW: 0,
  KWD: 3,
  LYD: 3,
  MAD: 2,
  MWK: 2,
  MXN: 2,
  NGN: 2,
  NOK: 2,
  NZD: 2,
  OMR: 3,
  PKR: 2,
  PLN: 2,
  RWF: 0,
  SAR: 2,
  SEK: 2,
  SGD: 2,
  TND: 3,
  TRY: 2,
  TZS: 2,
  UGX: 0,
  USD: 2,
  VND: 0,
  XAF: 0,
  XOF: 0,
  ZAR: 2,
  ZMW: 2,
}

/** Digits after the point in `currency`. @throws LedgerError `CURRENCY_UNKNOWN` */
export function exponentOf(currency: string): number {
  const exponent = Object.hasOwn(exponents, currency) ? exponents[currency] : undefined
  if (exponent === undefined) throw new LedgerError('CURRENCY_UNKNOWN', { currency })
  return exponent
}

/** `formatAmount(123450n, 'NGN')` is `'1234.50'`. */
export function formatAmount(minorUnits: bigint, currency: string): string {
  const exponent = exponentOf(currency)
  const sign = minorUnits < 0n ? '-' : ''
  const digits = (minorUnits < 0n ? -minorUnits : minorUnits).toString().padStart(exponent + 1, '0')
  return exponent === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

/** `parseAmount('1234.5', 'NGN')` is `123450n`: exact, never through a float. @throws LedgerError `AMOUNT_UNREADABLE` */
export function parseAmount(text: string, currency: string): bigint {
  const exponent = exponentOf(currency)
  const match = /^(-?)(\d{1,17})(?:\.(\d+))?$/.exec(text)
  const fraction = match?.[3] ?? ''
  if (match === null || fraction.length > exponent)
    throw new LedgerError('AMOUNT_UNREADABLE', { found: text, currency, exponent })
  const units = BigInt(`${match[2]}${fraction.padEnd(exponent, '0')}`)
  return match[1] === '-' ? -units : units
}
