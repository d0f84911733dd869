import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Folder } from './folder.ts'
import { isRecord, loadProjectModule } from './load-module.ts'
import { manifestOf } from './module-files.ts'

/** What of a data source's options matters here; the others shape the SQL and are handed on. */
export type DataSourceOptions = {
  readonly migrationsTableName?: string
  readonly migrationsTransactionMode?: 'all' | 'each' | 'none'
  readonly schema?: string
  readonly uuidExtension?: 'pgcrypto' | 'uuid-ossp'
} & Readonly<Record<string, unknown>>

const names = /^(data-?source|ormconfig|typeorm(\.config)?)\.([cm]?[jt]s)$/i
const places = ['.', 'src', 'config', 'src/config', 'db', 'src/db', 'database', 'src/database']

/** The options of the project's data source: what its scripts name with `-d`, else a file of one of the usual names. */
export async function dataSourceOptions(folder: Folder): Promise<DataSourceOptions> {
  for (const path of await candidates(folder)) {
    const loaded = await loadProjectModule(path).catch(() => ({}))
    for (const one of [
      ...Object.values(loaded),
      ...Object.values(loaded).flatMap((inner) => (isRecord(inner) ? Object.values(inner) : [])),
    ]) {
      const options = isRecord(one) && isRecord(one.options) ? one.options : one
      if (isRecord(options) && options.type === 'postgres') return options
    }
  }
  return {}
}

async function candidates({ root, directory }: Folder): Promise<readonly string[]> {
  const named = Object.values(manifestOf(root).scripts ?? {}).flatMap((script) => {
    const told = /(?:\s-d|--dataSource)[\s=]+(\S+)/.exec(script)?.[1]
    return script.includes('typeorm') && told !== undefined ? [join(root, told)] : []
  })
  const usual: string[] = []
  for (const place of new Set([...places.map((one) => join(root, one)), dirname(directory)])) {
    const files = await readdir(place).catch(() => [])
    usual.push(...files.filter((file) => names.test(file)).map((file) => join(place, file)))
  }
  return [...new Set([...named, ...usual])]
}
