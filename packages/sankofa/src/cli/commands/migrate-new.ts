import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isSankofaError, SankofaError } from '../../core/index.ts'
import type { MigrationSet } from '../../migrate/index.ts'
import type { Context } from '../context.ts'
import { type OutputOptions, print } from '../output.ts'
import { setOf } from './migrate.ts'

/** Makes the folder of a new migration. */
export async function migrateNewCommand(
  context: Pick<Context, 'config' | 'loadMigrations'>,
  name: string,
  options: OutputOptions,
): Promise<void> {
  const set = await setToAddTo(context)
  if (set.tool !== 'sankofa') {
    throw new SankofaError('MIGRATIONS_WRONG', {
      directory: set.directory,
      tool: set.tool,
      problems: [
        `a new one is made by ${set.tool} itself; "sankofa migrate new --derive ID" writes the undo of one of its`,
      ],
    })
  }
  const number = String(1 + Math.max(0, ...set.migrations.map(({ id }) => Number.parseInt(id, 10) || 0))).padStart(
    4,
    '0',
  )
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? ['new']
  const id = `${number}_${words.join('_')}`
  const folder = join(set.directory, id)
  await mkdir(set.directory, { recursive: true })
  await mkdir(folder)
  await writeFile(
    join(folder, 'up.sql'),
    '-- Expand: why both the version before and the version after can run on it.\n',
    { flag: 'wx' },
  )
  const here = relative(process.env.INIT_CWD ?? process.cwd(), folder)
  print(options, { folder }, [
    `Made ${here}/up.sql. Write it, then "npx sankofa migrate new --derive ${id}" writes undo.sql, or write that yourself; "npx sankofa prove" tries both.`,
  ])
}

/** A project's first migration has no folder yet, or an empty one. */
async function setToAddTo(context: Pick<Context, 'config' | 'loadMigrations'>): Promise<MigrationSet> {
  try {
    return await setOf(context)
  } catch (error) {
    const { tool = 'sankofa', loader, load } = context.config.migrations ?? {}
    const isOurs = tool === 'sankofa' && loader === undefined && load === undefined
    if (!isOurs || !isSankofaError(error) || error.code !== 'MIGRATIONS_NOT_FOUND') throw error
    const { directory } = error.details as { readonly directory: string }
    const names = await readdir(directory).catch(() => [])
    if (names.some((one) => !one.startsWith('.'))) throw error
    return { tool, directory, migrations: [] }
  }
}
