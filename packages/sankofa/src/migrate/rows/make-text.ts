import { remember } from './remember.ts'
import type { Wish } from './wish.ts'

type Shape = (token: string) => string

/** What a column's name promises, so that functions and casts that rely on it do not fail on nonsense. */
const promised: readonly (readonly [RegExp, Shape])[] = [
  [/e_?mail/, (token) => `Ama.${token}@Example.com`],
  [
    /(^|_)(url|uri|href|link|homepage|repository|website|avatar|icon|banner|actor_id)(_|$)/,
    (token) => `https://shop.example/Ama/${token}`,
  ],
  [/(^|_)(domain|host|hostname)(_|$)/, (token) => `shop-${token}.example`],
  [/(^|_)(version|semver)(_|$)|^num$/, (token) => `1.${Number.parseInt(token, 36) % 100_000}.0`],
  [
    /(^|_)(uuid|guid)(_|$)/,
    (token) =>
      `5a4e4b0f-0000-4000-a000-${token
        .padStart(12, '0')
        .slice(-12)
        .replace(/[^0-9a-f]/g, 'a')}`,
  ],
  [/(^|_)(slug|login|username|handle|tag|keyword|crate|crate_name)(_|$)/, (token) => `ama-${token}`],
  [/(^|_)(currency)(_|$)/, () => 'GHS'],
  [/(^|_)(country)(_|$)/, () => 'GH'],
  [/(^|_)(phone|mobile)(_|$)/, (token) => `+23320${String(Number.parseInt(token, 36) % 10_000_000).padStart(7, '0')}`],
]

/** Texts that break what was not written with care: case, spaces, quotes, other alphabets, wildcards, lines. */
const awkward: readonly Shape[] = [
  (token) => `Ama Mensah ${token}`,
  (token) => ` Kofi  ${token} `,
  (token) => `O'Brien "${token}" \\ 50% _x`,
  (token) => `Ɛfua ÑANDÚ 東京 ${token}`,
  (token) => `MiXeD.Case,${token};\n\tsecond line`,
]

const shapeOf = remember((column) => promised.find(([name]) => name.test(column.toLowerCase()))?.[1])

/** @param longest - characters; `undefined`: as many as one likes */
export function makeText({ variant, tame, column }: Wish, longest: number | undefined): string {
  const token = variant.toString(36)
  const made = (shapeOf(column) ?? (tame ? plain : awkward[(variant + column.length) % awkward.length]) ?? plain)(token)
  if (longest === undefined || [...made].length <= longest) return made
  if (longest > token.length + 3) return `Am ${token}`
  return longest >= token.length ? token.padStart(longest, 'A') : token.slice(-longest)
}

const plain: Shape = (token) => `ama ${token}`
