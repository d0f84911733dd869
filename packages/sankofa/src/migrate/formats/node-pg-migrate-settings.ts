import { manifestOf } from './module-files.ts'

export type NodePgMigrateSettings = {
  readonly table: string
  readonly migrationsSchema?: string
  readonly schema?: string
  /** Are names written in camel case turned into snake case? */
  readonly decamelize: boolean
}

/** What the project's scripts hand to the command: it has no settings file of its own that says more. */
export function nodePgMigrateSettings(root: string): NodePgMigrateSettings {
  const words = Object.values(manifestOf(root).scripts ?? {})
    .filter((script) => script.includes('node-pg-migrate'))
    .flatMap((script) => script.split(/[\s=]+/))
  const after = (...flags: readonly string[]) => {
    const index = words.findIndex((word) => flags.includes(word))
    const value = index === -1 ? undefined : words[index + 1]?.replaceAll(/["']/g, '')
    return value === undefined || value === '' || value.startsWith('-') ? undefined : value
  }
  const [migrationsSchema, schema] = [after('--migrations-schema'), after('-s', '--schema')]
  return {
    table: after('-t', '--migrations-table') ?? 'pgmigrations',
    decamelize: words.includes('--decamelize') && after('--decamelize') !== 'false',
    ...(migrationsSchema === undefined ? {} : { migrationsSchema }),
    ...(schema === undefined ? {} : { schema }),
  }
}
