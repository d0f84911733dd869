import { makeText } from './make-text.ts'
import type { Type } from './table.ts'
import { dayMs } from './value.ts'
import type { Wish } from './wish.ts'

/** Values of PostgreSQL's own types, and of extensions that are often met. */
export function makeNamed(type: Type, modifier: number, wish: Wish): string | undefined {
  return makers[type.name]?.(wish, modifier)
}

type Maker = (wish: Wish, modifier: number) => string

/**
 * Small ones, a large one, a negative one: sums and conversions in a migration meet them all. Of four rows the second is the
 * one that has NULL wherever it may, so that the small ones are there twice.
 */
const whole =
  (largest: bigint, most: number): Maker =>
  ({ variant, tame }) => {
    const number = variant + 1
    if (tame || number > most) return String(BigInt(number) % largest)
    if (number % 4 === 0) return String(-number)
    return number % 4 === 3 ? String(largest - BigInt(number)) : String(number)
  }

const numeric: Maker = ({ variant, tame }, modifier) => {
  const precision = modifier < 4 ? 30 : ((modifier - 4) >> 16) & 0xffff
  // The scale is signed, in eleven bits.
  const scale = modifier < 4 ? 10 : (((modifier - 4) & 0x7ff) ^ 1024) - 1024
  // A negative scale is zeros before the point.
  const digits = Math.max(0, precision - Math.max(0, scale))
  const number = variant + 1
  const wholePart = digits === 0 ? '0' : String(BigInt(number) % 10n ** BigInt(Math.min(digits, 15)))
  const decimals =
    scale <= 0 ? '' : `.${String(number).padStart(2, '0').padEnd(Math.min(scale, 10), '5').slice(0, scale)}`
  const round = scale < 0 ? wholePart + '0'.repeat(-scale) : wholePart
  if (tame) return round + decimals
  if (number % 4 === 3 && digits > 6)
    return `${'9'.repeat(Math.min(digits, 20) - 5)}${String(number % 1000).padStart(3, '0')}${decimals}`
  return `${number % 4 === 0 ? '-' : ''}${round}${decimals}`
}

const float: Maker = ({ variant, tame }) => {
  const number = variant + 1
  if (tame) return `${number}.25`
  return number % 4 === 0 ? `-${number}.5` : number % 4 === 3 ? `${number}.1e7` : `${number}.125`
}

const daysInBlock = 2_000
/** From 2019 on, never in the future: what a function reckons from "now" stays positive. More than 2,000 go on before 2019. */
const day = (variant: number): string => {
  const block = Math.floor(variant / daysInBlock) % 300
  const days = (variant % daysInBlock) - block * daysInBlock
  return new Date(Date.UTC(2019, 0, 3) + days * dayMs).toISOString().slice(0, 10)
}
const clock = ({ variant, tame }: Wish): string =>
  tame
    ? `${two(variant % 24)}:30:00`
    : `${two((variant * 7 + 5) % 24)}:${two((variant * 13) % 60)}:59.${String(123_457 + (variant % 800_000)).padStart(6, '0')}`
const two = (number: number): string => String(number).padStart(2, '0')
const hex = ({ variant, random }: Wish, digits: number): string => {
  let made = (variant + 1).toString(16)
  while (made.length < digits) made = random(16).toString(16) + made
  return made.slice(-digits)
}
const bits = (variant: number, length: number): string => (variant + 1).toString(2).padStart(length, '0').slice(-length)
const jsonOf = ({ variant, tame, column }: Wish): string =>
  tame
    ? `{"n": ${variant}}`
    : `{"n": ${variant}, "Label": "Ama ${column.slice(0, 20).replace(/[^a-z_]/gi, '')} \\"ɛ\\"", "list": [1, null, 2.50]}`

const makers: Readonly<Record<string, Maker>> = {
  int2: whole(32_767n, 32_000),
  int4: whole(2_147_483_647n, 2_000_000_000),
  int8: whole(9_007_199_254_740_993n, 4e15),
  oid: ({ variant }) => String(20_000 + variant),
  xid: ({ variant }) => String(variant + 1),
  xid8: ({ variant }) => String(variant + 1),
  cid: ({ variant }) => String(variant + 1),
  tid: ({ variant }) => `(${variant},1)`,
  numeric,
  float4: float,
  float8: float,
  money: ({ variant, tame }) => `${!tame && variant % 4 === 3 ? '-' : ''}${variant + 1}.25`,
  bool: ({ variant }) => (variant % 2 === 0 ? 't' : 'f'),
  text: (wish) => makeText(wish, undefined),
  citext: (wish) => makeText(wish, undefined),
  varchar: (wish, modifier) => makeText(wish, modifier < 4 ? undefined : modifier - 4),
  bpchar: (wish, modifier) => makeText(wish, modifier < 4 ? 1 : modifier - 4).trim(),
  char: ({ variant }) => String.fromCharCode(97 + (variant % 26)),
  name: (wish) => makeText({ ...wish, tame: true }, 60),
  bytea: (wish) => `\\x${wish.tame ? '' : '00ff'}${hex(wish, 8)}`,
  uuid: (wish) => {
    const made = hex(wish, 32)
    return `${made.slice(0, 8)}-${made.slice(8, 12)}-4${made.slice(13, 16)}-a${made.slice(17, 20)}-${made.slice(20)}`
  },
  date: ({ variant }) => day(variant),
  timestamp: (wish) => `${day(wish.variant)} ${clock(wish)}`,
  timestamptz: (wish) => `${day(wish.variant)} ${clock(wish)}+00`,
  time: (wish) => clock(wish),
  timetz: (wish) => `${clock(wish)}+00`,
  interval: ({ variant, tame }) =>
    tame || variant % 4 !== 3 ? `${variant + 1} days 01:00:00` : `-1 mons +${variant} days -00:00:01.000001`,
  json: jsonOf,
  jsonb: jsonOf,
  jsonpath: ({ variant }) => `$."k${variant}"`,
  xml: ({ variant }) => `<item n="${variant}">Ama &amp; Kofi</item>`,
  inet: ({ variant }) => `10.${(variant >> 16) % 256}.${(variant >> 8) % 256}.${variant % 256}`,
  cidr: ({ variant }) => `10.${(variant >> 8) % 256}.${variant % 256}.0/24`,
  macaddr: (wish) => `08:00:${(hex(wish, 8).match(/../g) ?? []).join(':')}`,
  macaddr8: (wish) => `08:00:2b:01:${(hex(wish, 8).match(/../g) ?? []).join(':')}`,
  bit: ({ variant }, modifier) => bits(variant, modifier < 1 ? 1 : modifier),
  varbit: ({ variant }, modifier) => bits(variant, modifier < 1 ? 16 : Math.min(modifier, 16)),
  point: ({ variant }) => `(${variant},1.5)`,
  line: ({ variant }) => `{1,-1,${variant}}`,
  lseg: ({ variant }) => `[(${variant},0),(${variant},1)]`,
  box: ({ variant }) => `(${variant}.5,1),(${variant},0)`,
  path: ({ variant }) => `((${variant},0),(${variant},1))`,
  polygon: ({ variant }) => `((${variant},0),(${variant},1),(${variant}.5,1))`,
  circle: ({ variant }) => `<(${variant},0),0.25>`,
  tsvector: ({ variant }) => `'ama':1 'word${variant}':2`,
  tsquery: ({ variant }) => `'ama' & 'word${variant}'`,
  pg_lsn: ({ variant }) => `0/${(variant + 1).toString(16).toUpperCase()}`,
  pg_snapshot: ({ variant }) => `${variant + 10}:${variant + 20}:`,
  txid_snapshot: ({ variant }) => `${variant + 10}:${variant + 20}:`,
  regclass: () => 'pg_catalog.pg_class',
  regtype: () => 'pg_catalog.int4',
  regproc: () => 'pg_catalog.now',
  regprocedure: () => 'pg_catalog.now()',
  regnamespace: () => 'pg_catalog',
  regrole: () => 'pg_monitor',
  regconfig: () => 'pg_catalog.simple',
  regdictionary: () => 'pg_catalog.simple',
  ltree: ({ variant }) => `0.${variant + 1}`,
  lquery: ({ variant }) => `*.${variant + 1}.*`,
  ltxtquery: ({ variant }) => `ama & word${variant}`,
  hstore: ({ variant }) => `"key"=>"${variant}", "none"=>NULL`,
  cube: ({ variant }) => `(${variant},1),(${variant}.5,2)`,
  seg: ({ variant }) => `${variant} .. ${variant}.5`,
  geometry: ({ variant }) => `POINT(${variant % 180} 5)`,
  geography: ({ variant }) => `POINT(${variant % 180} 5)`,
  vector: ({ variant }, modifier) =>
    `[${Array.from({ length: modifier < 1 ? 3 : modifier }, () => variant + 1).join(',')}]`,
  int2vector: ({ variant }) => `${variant % 30_000} 1`,
  oidvector: ({ variant }) => `${variant} 1`,
}
