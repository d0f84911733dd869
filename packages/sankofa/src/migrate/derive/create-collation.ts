import type { CatalogueObject, Value } from '../catalogue/catalogue.ts'
import { literal, qualified } from './identifiers.ts'

const providers: Readonly<Record<string, string>> = { i: 'icu', c: 'libc', b: 'builtin' }

export function createCollation(collation: CatalogueObject): string {
  const { provider, locale, lcCollate, lcCtype, rules, deterministic } = collation.properties
  const said = (name: string, value: Value | undefined): readonly string[] =>
    value === undefined ? [] : [`${name} = ${literal(String(value))}`]
  const parts = [
    `provider = ${providers[String(provider)] ?? provider}`,
    ...said('locale', locale),
    // Of the C library alone: the other providers have one name for both.
    ...said('lc_collate', lcCollate),
    ...said('lc_ctype', lcCtype),
    ...said('rules', rules),
    ...(deterministic === false ? ['deterministic = false'] : []),
  ]
  return `create collation ${qualified(collation)} (${parts.join(', ')})`
}
