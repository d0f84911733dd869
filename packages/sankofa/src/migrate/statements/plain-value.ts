import type { ParameterType } from './prepared.ts'

const byType: Readonly<Record<string, string>> = {
  uuid: '00000000-0000-4000-8000-000000000001',
  json: '{}',
  jsonb: '{}',
  bytea: '\\x00',
  regclass: 'pg_class',
  regtype: 'text',
  date: '2020-02-29',
  'time without time zone': '12:00',
  'time with time zone': '12:00+00',
  xml: '<a/>',
  macaddr: '08:00:2b:01:02:03',
  cidr: '127.0.0.0/8',
}
const byCategory: Readonly<Record<string, string>> = {
  N: '1',
  S: 'a',
  B: 'true',
  D: '2020-02-29 12:00:00+00',
  T: '1 day',
  I: '127.0.0.1',
  R: 'empty',
  V: '1',
}

/** A value of a type, for a parameter of which no column tells more. */
export function plainValue({ type, category, labels, element, elementCategory }: ParameterType): string | null {
  if (category === 'A') {
    const one = plainValue({
      type: element ?? '',
      category: elementCategory ?? '',
      labels,
      element: null,
      elementCategory: null,
    })
    return one === null ? '{}' : arrayOf([one])
  }
  return labels?.[0] ?? byType[type] ?? byCategory[category] ?? null
}

/** As PostgreSQL reads an array. */
export const arrayOf = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'null' : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)).join(',')}}`
