/** What stands where a secret was. */
export const redacted = '[redacted]'

const deepest = 8
const secretKey =
  /pass(word|phrase|wd)|secret|token|authori[sz]ation|cookie|credential|api[-_]?key|private[-_]?key|card[-_]?n|^(card|pan|cvv|cvc|pin|otp|pwd|iban)$/i
// `password=…`, `"token": "…"`, `{\"secret\":\"…\"}` inside texts, such as an error's message or a URL. What is in quotes goes as a
// whole, because a passphrase has spaces.
const secretText =
  /((?:pass(?:word|wd|phrase)|secret|token|api[-_]?key|credential|cvv|cvc|\b(?:pwd|pin|otp))\\?["']?\s*[=:]\s*)(\\["'][^"'\\]*|"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*|(?:[^\s"'&,;}\\]|\\(?!["']))+)/gis
const openingQuote = /^\\?["']/
// The whole line: a header may hold a scheme before its secret, and several cookies.
const secretHeader = /((?:authorization|cookie)\\?["']?\s*[=:]\s*\\?["']?)[^\r\n"'}\\]+/gi
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi
const jsonWebToken = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g
// `postgres://user:password@host`; bounded, so that a long text is read in linear time.
const userInUrl = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/"'@:]{0,200}:[^\s/"']{1,200}@/gi
// 13–19 digits that begin as cards do; epoch milliseconds begin with 1.
const cardLike = /(?<![\d.])[2-6](?:[ -]?\d){12,18}(?!\d)/g

/** A text without card numbers, bearer tokens, `password=…` and passwords in URLs. */
export const redactText = (text: string): string =>
  text
    .replace(secretHeader, `$1${redacted}`)
    .replace(secretText, (_, name: string, value: string) => `${name}${openingQuote.exec(value)?.[0] ?? ''}${redacted}`)
    .replace(bearer, `$1 ${redacted}`)
    .replace(jsonWebToken, redacted)
    .replace(userInUrl, `$1${redacted}@`)
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
