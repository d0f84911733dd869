import { join } from 'node:path'
import type { Migration } from '../migration.ts'
import { isNamedByDiesel } from './diesel.ts'
import { byName, type Entry, type Folder, readText, refuseTwins } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'

/** Our own: `0042_name/up.sql` and `undo.sql`. Its history is `sankofa.migration`. */
export const sankofa: Format = {
  tool: 'sankofa',
  looks: 'sankofa: 0042_name/up.sql and 0042_name/undo.sql',
  async count(folder) {
    return folder.entries.filter(isMigration).length
  },
  read,
}

const isMigration = (entry: Entry): boolean =>
  entry.children?.includes('up.sql') === true &&
  !isNamedByDiesel(entry) &&
  !entry.children.some((name) => name === 'down.sql' || name === 'metadata.toml')

async function read(folder: Folder): Promise<Found> {
  const entries = folder.entries.filter(isMigration).sort((a, b) => byNumber(a.name, b.name))
  const numbered = entries.flatMap((entry) => {
    const number = numberOf(entry.name)
    return number === undefined ? [] : [{ version: number.toString(), name: entry.name }]
  })
  refuseTwins(folder, numbered)
  const migrations = await Promise.all(
    entries.map(async (entry): Promise<Migration> => {
      const optional = (name: string): Promise<string | undefined> =>
        entry.children?.includes(name) ? readText(folder, join(entry.path, name)) : Promise.resolve(undefined)
      const [sql, undo, backfill] = await Promise.all([
        readText(folder, join(entry.path, 'up.sql')),
        optional('undo.sql'),
        optional('backfill.sql'),
      ])
      return {
        id: entry.name,
        group: groupOf(sql) ?? entry.name,
        up: sqlStep(sql, join(entry.path, 'up.sql')),
        ...(undo === undefined ? {} : { undo: sqlStep(undo, join(entry.path, 'undo.sql')) }),
        ...(backfill === undefined ? {} : { backfill }),
      }
    }),
  )
  return { migrations }
}

const numberOf = (name: string): bigint | undefined => {
  const digits = /^\d+/.exec(name)?.[0]
  return digits === undefined ? undefined : BigInt(digits)
}

/** By number first: 10000 comes after 9999. */
function byNumber(a: string, b: string): number {
  const [one, other] = [numberOf(a), numberOf(b)]
  if (one === undefined || other === undefined || one === other) return byName(a, b)
  return one < other ? -1 : 1
}

/** The author's word on the first line: `-- group: 2026-11 release`. */
const groupOf = (sql: string): string | undefined =>
  /^--[ \t]*group:[ \t]*(\S[^\r\n]*?)[ \t]*(?:\r?\n|$)/.exec(sql)?.[1]
