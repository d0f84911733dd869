const words = new Set([
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'secrets',
  'token',
  'tokens',
  'authorization',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'card',
  'cvv',
  'cvc',
  'pan',
  'pin',
  'otp',
  'iban',
])
const runTogether = /password|passwd|passphrase|secret|token|authorization|apikey|privatekey|cardnumber|cardno/

/**
 * Is a field of this name likely to hold a secret? `cardNumber`, `access_token`, `PIN` are; `shipping`, `company` are not.
 * By name only: a rule on values would refuse a payment whose reference happens to look like a card number.
 */
export function namesSecret(key: string): boolean {
  const parts = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return parts.some((part) => words.has(part)) || runTogether.test(parts.join(''))
}
