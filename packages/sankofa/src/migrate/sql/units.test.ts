import { expect, test } from '#harness'
import { readStatements } from './statement.ts'
import { toUnits } from './units.ts'

/** Each unit as one text; those without a transaction in brackets. */
async function units(sql: string): Promise<readonly string[]> {
  return toUnits(await readStatements(sql), 'auto').map(({ transaction, statements }) => {
    const text = statements.map((statement) => statement.sql).join('; ')
    return transaction ? text : `(${text})`
  })
}

test('what the author rolls back is not run', async () => {
  expect(await units('begin; delete from a; rollback')).toEqual([])
  expect(await units('begin; delete from a; abort; begin; delete from b; commit; delete from c')).toEqual([
    'delete from b',
    '(delete from c)',
  ])
})

test('a savepoint of the author stays inside of their transaction', async () => {
  expect(await units('begin; savepoint s; delete from a; rollback to s; delete from b; end')).toEqual([
    'savepoint s; delete from a; rollback to s; delete from b',
  ])
})

test('what follows "and chain" is a transaction as well', async () => {
  expect(await units('begin; delete from a; commit and chain; delete from b; delete from c; commit')).toEqual([
    'delete from a',
    'delete from b; delete from c',
  ])
  expect(await units('begin; delete from a; rollback and chain; delete from b; commit')).toEqual(['delete from b'])
})

test('what was sent before a stray rollback stays done', async () => {
  expect(await units('delete from a; rollback; delete from b')).toEqual(['(delete from a)', '(delete from b)'])
})
