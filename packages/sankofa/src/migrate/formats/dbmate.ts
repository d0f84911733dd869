import type { Migration, Step } from '../migration.ts'
import { type Entry, type Folder, readText, refuseTwins } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'
import { findMarkers, hasStatementAbove, onlyLines } from './sections.ts'
import { tableHistory } from './table-history.ts'

/** dbmate: `20261120101500_name.sql` with a section up and a section down. */
export const dbmate: Format = {
  tool: 'dbmate',
  looks: 'dbmate: 20261120101500_name.sql with "-- migrate:up" and "-- migrate:down"',
  async count(folder) {
    const marked = await Promise.all(
      folder.entries.filter(isCandidate).map(async (entry) => findMarkers(await readText(folder, entry.path), marker)),
    )
    return marked.filter((markers) => markers.length > 0).length
  },
  read,
}

const isCandidate = (entry: Entry): boolean => entry.children === undefined && /^\d+.*\.sql$/.test(entry.name)
const marker = /^--\s*migrate:(up|down)(\s|$)/

/** What dbmate keeps: the digits that the name begins with. */
const versionOf = (name: string): string => /^\d+/.exec(name)?.[0] ?? name

async function read(folder: Folder): Promise<Found> {
  const entries = folder.entries.filter(isCandidate)
  refuseTwins(
    folder,
    entries.map((entry) => ({ version: versionOf(entry.name), name: entry.name })),
  )
  const migrations: Migration[] = []
  for (const entry of entries) {
    const text = await readText(folder, entry.path)
    const blocks = blocksOf(text)
    if (blocks[0]?.way !== 'up') {
      folder.problems.push(
        `${entry.name} has to begin with a line "-- migrate:up". Write it above the first statement.`,
      )
      continue
    }
    if (hasStatementAbove(text, blocks[0].from - 1)) {
      folder.problems.push(`${entry.name} has statements above "-- migrate:up", which never run. Move them below it.`)
    }
    const id = entry.name.replace(/\.sql$/, '')
    const undo = toStep(entry, text, blocks, 'down')
    migrations.push({
      id,
      group: id,
      up: toStep(entry, text, blocks, 'up') ?? sqlStep('', entry.path),
      ...(undo === undefined ? {} : { undo }),
    })
  }
  return { migrations, history: tableHistory(table, migrations) }
}

type Block = { readonly way: 'up' | 'down'; readonly from: number; readonly to: number; readonly transaction: boolean }

/** A file may have several of each, which run in their order. */
function blocksOf(text: string): readonly Block[] {
  const markers = findMarkers(text, marker)
  return markers.map((one, index) => ({
    way: /migrate:up/.test(one.text) ? 'up' : 'down',
    from: one.line + 1,
    to: markers[index + 1]?.line ?? Number.POSITIVE_INFINITY,
    transaction: !/\stransaction:false(\s|$)/.test(one.text),
  }))
}

function toStep(entry: Entry, text: string, blocks: readonly Block[], way: 'up' | 'down'): Step | undefined {
  const own = blocks.filter((block) => block.way === way)
  if (own.length === 0) return undefined
  const sql = onlyLines(
    text,
    own.map((block) => [block.from, block.to]),
  )
  return sqlStep(sql, entry.path, own.every((block) => block.transaction) ? 'auto' : 'none')
}

const table = {
  table: 'schema_migrations',
  tables: ['public.schema_migrations'],
  create: ['create table if not exists schema_migrations (version varchar primary key)'],
  select: 'select schema_migrations.version as key from schema_migrations order by schema_migrations.version',
  keyOf: versionOf,
  insert: (version: string) => ({
    text: 'insert into schema_migrations (version) values ($1)',
    values: [version],
  }),
  remove: (version: string) => ({
    text: 'delete from schema_migrations where version = $1',
    values: [version],
  }),
}
