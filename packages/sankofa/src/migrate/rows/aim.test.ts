import { expect, test } from '#harness'
import { loadParser } from '../sql/statement.ts'
import { aimAt } from './aim.ts'
import { evaluate } from './evaluate.ts'
import { parseExpressions } from './expression.ts'
import { randomFrom } from './random.ts'
import { apply, type Row } from './rule.ts'
import type { Column } from './table.ts'
import { toValue } from './value.ts'

const type = { oid: 25, schema: 'pg_catalog', name: 'text', category: 'S', kind: 'base' } as const
const columns = ['kind', 'card', 'cash', 'momo', 'note'].map(
  (name, place): Column => ({
    number: place + 1,
    name,
    type,
    modifier: -1,
    notNull: name === 'kind',
    hasDefault: false,
    generated: false,
  }),
)
const conditions = [
  "(kind = 'card' and card is not null and cash is null and momo is null) or (kind = 'cash' and cash is not null and card is null and momo is null)",
  "(kind = any (array['a', 'b']) and num_nonnulls(card, cash, momo) = 1) or (kind = 'none' and num_nulls(card, cash, momo) = 3)",
  "num_nonnulls(card, cash) = 2 and (momo is null or note is not null) and kind = 'x'",
]

test('one move makes a whole condition hold, from whatever row and with every alternative', async () => {
  await loadParser()
  const random = randomFrom('aim')
  const met = conditions.map(() => new Set<string>())

  for (const [place, text] of conditions.entries()) {
    const [condition] = parseExpressions(text)
    if (condition === undefined) throw new Error(`${text} is an expression`)
    for (let round = 0; round < 200; round++) {
      const row: Row = new Map(columns.map(({ number }) => [number, number > 1 && random(2) === 0 ? null : 'begun']))
      const column = (name: string) => columns.find((one) => one.name === name)
      const get = (name: string) => toValue(row.get(column(name)?.number ?? 0), type)
      apply(row, aimAt(condition, { row, column, get, fresh: ({ number }) => [[number, 'fresh']], random }))

      expect([text, [...row], evaluate(condition, get)]).toEqual([text, [...row], true])
      met[place]?.add(row.get(1) ?? '')
    }
  }

  expect(met.map((kinds) => [...kinds].sort())).toEqual([['card', 'cash'], ['a', 'b', 'none'], ['x']])
})
