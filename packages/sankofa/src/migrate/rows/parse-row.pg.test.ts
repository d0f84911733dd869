import fc from 'fast-check'
import { expect, test } from '#harness'
import { parseRow } from './parse-row.ts'

test('the text of a row gives back every value', async ({ db }) => {
  const value = fc.option(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\u0000', '')),
    { nil: null },
  )
  const awkward = fc.constantFrom('', '"', '\\', ',', '(', ')', ' ', '""', '\\"', 'a,b', 'NULL', '\n')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(value, awkward), { minLength: 1, maxLength: 6 }), async (values) => {
      const { rows } = await db.pool.query(
        `select t::text as row from (select ${values.map((_, place) => `$${place + 1}::text as c${place}`).join(', ')}) as t`,
        values,
      )

      expect(parseRow(rows[0].row, values.length)).toEqual(values)
    }),
    { numRuns: 150, seed: 7 },
  )
})
