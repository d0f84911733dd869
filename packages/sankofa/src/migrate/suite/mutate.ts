import type { Node } from 'libpg-query'
import { deparseSync } from 'pgsql-deparser'
import { readStatements, type Statement } from '../sql/statement.ts'
import { applyEdit, editsOf, isInUsing } from './edits.ts'
import type { Json } from './json.ts'

/** A text with one thing wrong. */
export type Mutant = {
  /** Which statement, and what: `2: IndexStmt.whereClause left out`. */
  readonly change: string
  readonly sql: string
}

/**
 * Makes every mutant that is known of a text: without one statement, or with one clause left out or changed. What the
 * deparser cannot write as it was meant is left away.
 *
 * @param options.writes - also what only writes rows is changed: whole statements, and the expressions of USING
 */
export async function mutantsOf(sql: string, options: { readonly writes: boolean }): Promise<readonly Mutant[]> {
  const statements = await readStatements(sql)
  const mutants = new Map<string, Mutant>()
  const add = (change: string, texts: readonly string[]): void => {
    const text = texts.join(';\n')
    if (!mutants.has(text)) mutants.set(text, { change, sql: text })
  }
  const texts = statements.map((statement) => statement.sql)
  for (const [index, statement] of statements.entries()) {
    if (!mayMutate(statement, options.writes)) continue
    add(`${index + 1}: ${statement.kind} left out`, texts.toSpliced(index, 1))
    const root = statement.node as unknown as Json
    for (const edit of editsOf(root)) {
      if (!options.writes && isInUsing(root, edit)) continue
      const text = await written(applyEdit(root, edit))
      if (text !== undefined) add(`${index + 1}: ${edit.words}`, texts.with(index, text))
    }
  }
  return [...mutants.values()]
}

const onlyWrites = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'SelectStmt',
  'TruncateStmt',
  'DoStmt',
])
/** They change nothing that is kept. */
const passing = new Set(['TransactionStmt', 'VariableSetStmt'])
const mayMutate = ({ kind }: Statement, writes: boolean): boolean =>
  !passing.has(kind) && (writes || !onlyWrites.has(kind))

/** The text of a tree, if reading it again gives the same tree. */
async function written(tree: Json): Promise<string | undefined> {
  try {
    const text = deparseSync(tree as unknown as Node)
    const [again, ...more] = await readStatements(text)
    if (again === undefined || more.length > 0) return undefined
    return meaning(again.node as unknown as Json) === meaning(tree) ? again.sql : undefined
  } catch {
    // A tree that no text means: the grammar does not have it.
    return undefined
  }
}

/** Where it stands in the text is no part of what it means. */
const meaning = (tree: Json): string =>
  JSON.stringify(tree, (key, value: unknown) => (/location$/.test(key) ? undefined : sorted(value)))

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value
