import { expect, test } from '#harness'
import { mutantsOf } from './mutate.ts'

const changesOf = async (sql: string): Promise<readonly string[]> =>
  (await mutantsOf(sql, { writes: true })).map(({ change }) => change)

test('a mutant is the text with one thing wrong', async () => {
  const mutants = await mutantsOf('drop view a; create index b on c (d desc)', { writes: true })

  expect(mutants.map(({ sql }) => sql.replace(/\s+/g, ' '))).toEqual([
    'create index b on c (d desc)',
    'drop view a',
    'drop view a; CREATE INDEX b_x ON c (d DESC)',
    'drop view a; CREATE INDEX b ON c USING hash (d DESC)',
    'drop view a; CREATE INDEX b ON c USING gist (d DESC)',
    'drop view a; CREATE INDEX b ON c USING brin (d DESC)',
    'drop view a; CREATE INDEX b ON c (d DESC NULLS LAST)',
    'drop view a; CREATE INDEX b ON c (d)',
    'drop view a; CREATE UNIQUE INDEX b ON c (d DESC)',
  ])
})

test('every command of an alter table is left out once', async () => {
  const changes = await changesOf('alter table a add column b text, drop column c, alter column d set not null')

  expect(changes.filter((change) => change.includes('AlterTableStmt.cmds'))).toEqual([
    '1: AlterTableStmt.cmds without number 1',
    '1: AlterTableStmt.cmds without number 2',
    '1: AlterTableStmt.cmds without number 3',
  ])
})

test('clauses of a constraint are changed one by one', async () => {
  const changes = await changesOf(
    'alter table a add constraint b foreign key (c, d) references e (f, g) on delete cascade deferrable',
  )

  expect(changes).toContain('1: Constraint.fk_del_action c → a')
  expect(changes).toContain('1: Constraint.deferrable not said')
  expect(changes).toContain('1: Constraint.fk_attrs with 1 and 2 exchanged')
})

test('what only writes rows is left alone where the stash gives the rows back', async () => {
  const sql = "update a set b = 'c' where d = 1; alter table a alter column b type integer using b::integer + 1"

  const all = await changesOf(sql)
  const without = (await mutantsOf(sql, { writes: false })).map(({ change }) => change)

  expect(all).toContain('1: UpdateStmt left out')
  expect(all).toContain('2: ColumnDef.raw_default left out')
  expect(without).toEqual(['2: AlterTableStmt left out', '2: String.sval int4 → int8'])
})

test('a text of one statement can be empty', async () => {
  const [mutant] = await mutantsOf('drop table a', { writes: true })

  expect(mutant).toEqual({ change: '1: DropStmt left out', sql: '' })
})
