/** `2 %`, `0.4 %`, `12 %`: two figures, no more; never broken over two lines. */
export function percent(share: number): string {
  const value = share * 100
  if (value === 0 || value === 100) return `${value}\u00a0%`
  // 99.97 is not all of it.
  if (value > 99) return `${Math.floor(value * 10) / 10}\u00a0%`
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)}\u00a0%`
}

/** `12 s`, `3 minutes`, `2 hours`, `5 days`. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000))
  if (s < 90) return `${s} s`
  const minutes = Math.round(s / 60)
  if (minutes < 90) return `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}

/** In whole minutes and more: a sentence that is read aloud must not change every few seconds. */
export function ago(ms: number): string {
  if (ms < 60_000) return 'less than a minute ago'
  return ms < 120_000 ? 'a minute ago' : `${duration(Math.floor(ms / 60_000) * 60_000)} ago`
}

/** `1,480`: as money and everything else that is printed has it. */
export const count = (n: number): string => Math.round(n).toLocaleString('en')

export const customers = (n: number): string => (n === 1 ? '1 customer' : `${count(n)} customers`)

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

/** Money in minor units as a person reads it; no pesewas or cents once there are ten of the unit. */
export function money(minorUnits: bigint, currency: string): string {
  const exponent = exponentOf(currency)
  const units = Number(minorUnits) / 10 ** exponent
  const digits = Math.abs(units) >= 10 ? 0 : exponent
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(units)
}

/** Digits after the point, as ISO 4217 has them. */
export const exponentOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** Ends with a full stop, so that sentences can follow one another. */
export const sentence = (text: string): string => (/[.!?…”]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)
