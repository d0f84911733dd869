import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Migration } from '../migration.ts'
import { type DrizzleRow, drizzleHistory } from './drizzle-history.ts'
import { type Entry, type Folder, readText, refuseTwins } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'

/** Drizzle Kit: `0042_name.sql` listed in `meta/_journal.json`, or, in its newer layout, `20261120101500_name/migration.sql`. */
export const drizzle: Format = {
  tool: 'drizzle',
  looks: 'drizzle: 0042_name.sql and meta/_journal.json, or 20261120101500_name/migration.sql and snapshot.json',
  async count(folder) {
    if (journalOf(folder) !== undefined)
      return folder.entries.filter((entry) => /^\d.*(?<!\.down)\.sql$/.test(entry.name)).length
    return folder.entries.filter(isFolderLayout).length
  },
  read,
}

/** `when`, in milliseconds, is what Drizzle orders by and compares with its table. */
type Listed = { readonly id: string; readonly path: string; readonly when: number }

const isFolderLayout = (entry: Entry): boolean =>
  entry.children?.includes('migration.sql') === true && entry.children.includes('snapshot.json')

const journalOf = (folder: Folder): string | undefined => {
  const meta = folder.entries.find((entry) => entry.name === 'meta')
  return meta?.children?.includes('_journal.json') ? join(meta.path, '_journal.json') : undefined
}

async function read(folder: Folder): Promise<Found> {
  const journal = journalOf(folder)
  const listed = journal === undefined ? fromFolders(folder) : await fromJournal(folder, journal)
  if (journal !== undefined) {
    refuseTwins(
      folder,
      listed.map(({ id, when }) => ({ version: String(when), name: id })),
    )
  }
  const rows = new Map<string, DrizzleRow>()
  const migrations: Migration[] = []
  for (const { id, path, when } of listed) {
    rows.set(id, {
      hash: createHash('sha256')
        .update(await readFile(path, 'utf8'))
        .digest('hex'),
      when,
    })
    const down = path.replace(/(migration)?\.sql$/, (_, inFolder) => (inFolder ? 'down.sql' : '.down.sql'))
    const undo = await readText(folder, down).catch(() => undefined)
    migrations.push({
      id,
      group: id,
      up: sqlStep(breakAtMarkers(await readText(folder, path)), path),
      ...(undo === undefined ? {} : { undo: sqlStep(breakAtMarkers(undo), down) }),
    })
  }
  const history = await drizzleHistory(folder, rows, migrations, journal === undefined ? 'folders' : 'journal')
  return { migrations, history }
}

/** Drizzle splits at its marker, so a statement before it may lack its `;`. For PostgreSQL the marker is a comment. */
const breakAtMarkers = (sql: string): string => sql.replaceAll('--> statement-breakpoint', ';--> statement-breakpoint')

async function fromJournal(folder: Folder, journal: string): Promise<readonly Listed[]> {
  const entries = parseJournal(await readText(folder, journal))
  if (entries === undefined) {
    folder.problems.push(
      'meta/_journal.json is not the journal of Drizzle Kit: expected { entries: [{ idx, when, tag }] }.',
    )
    return []
  }
  const files = new Set(folder.entries.map((entry) => entry.name))
  const listed = entries.map(({ tag, when }) => ({ id: tag, path: join(folder.directory, `${tag}.sql`), when }))
  for (const { id } of listed) {
    if (!files.has(`${id}.sql`))
      folder.problems.push(`${id}.sql is in meta/_journal.json and not in the folder. Bring it back.`)
  }
  for (const name of files) {
    const id = name.replace(/(\.down)?\.sql$/, '')
    if (/^\d+_.*\.sql$/.test(name) && !listed.some((one) => one.id === id))
      folder.problems.push(
        `${name} is not in meta/_journal.json, so Drizzle would never run it. List it there, or move it out.`,
      )
  }
  return listed.filter(({ id }) => files.has(`${id}.sql`))
}

type Journal = { readonly entries: readonly { readonly tag: string; readonly when: number }[] }

function parseJournal(text: string): Journal['entries'] | undefined {
  try {
    const { entries } = JSON.parse(text) as Journal
    return entries.every(({ tag, when }) => typeof tag === 'string' && Number.isFinite(when)) ? entries : undefined
  } catch {
    return undefined
  }
}

/** The newer layout keeps no journal: the folder's name says when, in UTC. */
function fromFolders(folder: Folder): readonly Listed[] {
  return folder.entries.filter(isFolderLayout).flatMap((entry) => {
    const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(entry.name) ?? []
    const when = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
    if (Number.isNaN(when)) {
      folder.problems.push(
        `${entry.name} does not begin with a time such as 20261120101500. Name it as Drizzle Kit does.`,
      )
      return []
    }
    return [{ id: entry.name, path: join(entry.path, 'migration.sql'), when }]
  })
}
