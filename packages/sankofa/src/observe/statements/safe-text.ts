import { redactText } from '../redact.ts'
import { unitWords } from './literals.ts'

export type Token = { readonly text: string; readonly tokenName: string }

/** Long runs of digits and of hexadecimal are values that a program put into a name: a number of a card, an id. */
const valueInName = /\d{9}|(?=[0-9a-f]*\d)[0-9a-f]{16}/i
const plainName = /^[\p{L}_][\p{L}\p{N}_$ .:>-]*$/u

/** Could somebody have typed this name? */
export function isNameSafe(name: string): boolean {
  return plainName.test(name) && !valueInName.test(name) && redactText(name) === name
}

/**
 * The last look at a text before it is written: only words, names, `$n` and signs may be left. It does not trust what took
 * the literals out.
 *
 * @param integers - numbers that are part of the statement: lengths of types, positions
 */
export function isTextSafe(tokens: readonly Token[], integers: ReadonlySet<string>): boolean {
  return tokens.every(({ text, tokenName }) => {
    if (tokenName === 'PARAM') return true
    if (tokenName === 'SQL_COMMENT' || tokenName === 'C_COMMENT') return false
    if (text.startsWith('"')) return isNameSafe(text.slice(1, -1).replaceAll('""', '"'))
    if (text.includes("'")) return unitWords.has(text.slice(1, -1))
    if (/^\d|^\.\d/.test(text)) return integers.has(text)
    if (/^[\p{L}_]/u.test(text)) return isNameSafe(text)
    return !text.includes('$')
  })
}

const words = /^\s*(?:select|insert|update|delete|merge|with)\b/i
// Words and names, `"names"`, `$n`, and signs; digits only inside of a name. No quotes, no comments, no second statement.
// A name ends where it ends, and a sign is one: without that, a text that does not match would be tried in every division.
const withoutLiterals =
  /^(?:[\p{L}_][\p{L}\p{N}_]*(?![\p{L}\p{N}_$])|"[^"\\]*"|\$\d{1,5}(?![\p{L}\p{N}_$])|-(?!-)|\/(?!\*)|[\s(),.=<>!+*:|&[\]%~^?@#])+$/u
const names = /"([^"]*)"|[\p{L}_][\p{L}\p{N}_]*/gu

/** For a service without the parser: is this surely a statement without any literal, so that it may be kept as it is? */
export function isSurelyWithoutLiterals(text: string): boolean {
  if (!words.test(text) || !withoutLiterals.test(text)) return false
  for (const [name, quoted] of text.matchAll(names)) if (!isNameSafe(quoted ?? name)) return false
  return true
}
