/** What stands where a secret was. */
export const redacted = '[redacted]'

const deepest = 8
const secretKey =
  /pass(word|phrase|wd)|secret|token|authori[sz]ation|cookie|credential|api[-_]?key|private[-_]?key|card[-_]?n|^(card|pan|cvv|cvc|pin|otp|pwd|iban)$/i
// `password=…`, `"token": "…"`, `Bearer …` inside texts, such as an error's message or a URL.
const secretText =
  /((?:pass(?:word|wd)|secret|token|api[-_]?key|authorization|cookie|cvv|cvc)["']?\s*[=:]\s*["']?)(?:bearer\s+)?[^\s"'&,;}]+/gi
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi
// 13–19 digits that begin as cards do; epoch milliseconds begin with 1.
const cardLike = /(?<![\d.])[2-6](?:[ -]?\d){12,18}(?!\d)/g

/** A text without card numbers, bearer tokens and `password=…`. */
export const redactText = (text: string): string =>
  text
    .replace(secretText, `$1${redacted}`)
    .replace(bearer, `$1 ${redacted}`)
    .replace(cardLike, (digits) => (isCardNumber(digits) ? redacted : digits))

/** A copy without secrets: by the name of a field, or by what a text looks like. Errors keep name, code, message and stack. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'number' || typeof value === 'bigint')
    return isCardNumber(String(value)) && /^[3-6]/.test(String(value)) ? redacted : value
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= deepest) return '[too deep]'
  if (value instanceof Error) return redactError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  if (value instanceof Map) return redact(Object.fromEntries(value), depth)
  if (value instanceof Set) return redact([...value], depth)
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) copy[key] = secretKey.test(key) ? redacted : redact(item, depth + 1)
  return copy
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { readonly code?: unknown }
  return {
    type: error.name,
    ...(code === undefined ? {} : { code: redact(code, depth + 1) }),
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  }
}

/** 13 to 19 digits, spaces and hyphens aside, with a right check digit (Luhn). */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, '')
  if (!/^\d{13,19}$/.test(digits)) return false
  let sum = 0
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index])
    const doubled = index % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
