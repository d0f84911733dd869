import { createRandom } from 'sankofa/judge/simulate'
import { columnKinds } from './columns.ts'
import type { Kind } from './kind.ts'
import { programKinds } from './programs.ts'
import { ruleKinds } from './rules.ts'
import { type Draft, shuffle } from './schema.ts'
import { tableKinds } from './tables.ts'
import { listNames, tableNames } from './vocabulary.ts'

const kinds = { ...tableKinds, ...columnKinds, ...ruleKinds, ...programKinds } as const
type KindName = keyof typeof kinds

/** How many of each: while the schema grows to its 60 tables, and among the last 60, which leave it at 60. */
const shares: Readonly<Record<KindName, readonly [growing: number, last: number]>> = {
  'create table': [62, 4],
  'drop table': [2, 4],
  comment: [3, 1],
  'add list rows': [8, 1],
  'add column': [40, 11],
  'add reference': [16, 4],
  'drop column': [12, 4],
  'rename column': [12, 3],
  'widen column': [12, 3],
  'not null': [10, 3],
  default: [4, 1],
  'enum type': [6, 1],
  domain: [2, 0],
  'change values': [8, 1],
  index: [30, 6],
  unique: [4, 1],
  'drop index': [8, 2],
  check: [12, 3],
  view: [8, 2],
  'replace view': [5, 1],
  'drop view': [2, 1],
  function: [7, 1],
  'replace function': [3, 1],
  trigger: [6, 1],
}

export const tablesAtTheEnd = 60
export const lastCount = 60

export type Generated = { readonly name: string; readonly kind: string; readonly up: string; readonly undo: string }

/**
 * Invents 342 migrations of a marketplace that end at 60 tables, each with its undo, each one transaction.
 *
 * @param seed - the same one gives the same files
 */
export function generateMigrations(seed: number): readonly Generated[] {
  const draft: Draft = {
    random: createRandom(seed),
    tables: [],
    views: [],
    functions: [],
    freeNames: [...tableNames],
    freeLists: [...listNames],
    serial: 0,
  }
  const changes = ([0, 1] as const).flatMap((phase) => inSomeOrder(draft, phase))
  if (draft.tables.length !== tablesAtTheEnd) throw new Error(`${draft.tables.length} tables instead of 60`)
  return changes.map(({ kind, slug, says, up, undo }, index) => ({
    name: `${String(index + 1).padStart(4, '0')}_${slug}`,
    kind,
    up: `-- ${says}.\n${up.join('\n')}\n`,
    undo: `${undo.join('\n')}\n`,
  }))
}

type Made = NonNullable<ReturnType<Kind>> & { readonly kind: string }

/** A kind that has nothing to work on yet is put off; where only such are left, one of them becomes another column. */
function inSomeOrder(draft: Draft, phase: 0 | 1): readonly Made[] {
  const names = Object.keys(kinds) as readonly KindName[]
  const open = shuffle(
    draft.random,
    names.flatMap((name) => Array.from({ length: shares[name][phase] }, () => name)),
  )
  const made: Made[] = []
  while (open.length > 0) {
    const before = made.length
    for (const [index, kind] of open.entries()) {
      const change = kinds[kind](draft)
      if (change === undefined) continue
      open.splice(index, 1)
      made.push({ kind, ...change })
      break
    }
    if (made.length === before) open[0] = 'add column'
  }
  return made
}
