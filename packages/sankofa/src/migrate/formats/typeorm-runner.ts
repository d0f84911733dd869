import type { PgOverClient } from './pg-over-client.ts'
import { requireFrom } from './require-from.ts'
import type { DataSourceOptions } from './typeorm-settings.ts'

type QueryRunner = { isTransactionActive: boolean; transactionDepth: number; release(): Promise<void> }
type DataSource = {
  initialize(): Promise<unknown>
  destroy(): Promise<void>
  createQueryRunner(): QueryRunner
}
type Package = { readonly DataSource: new (options: object) => DataSource }

/** Runs a class' method with a query runner of TypeORM's own, whose every statement goes through the one client. */
export async function runWithTypeorm(
  root: string,
  options: DataSourceOptions,
  over: PgOverClient,
  transaction: boolean,
  way: (queryRunner: QueryRunner) => Promise<unknown>,
): Promise<void> {
  const { DataSource } = requireFrom(root, 'typeorm') as Package
  const source = new DataSource({
    type: 'postgres',
    driver: over,
    logging: false,
    installExtensions: false,
    ...shaping(options),
  })
  await source.initialize()
  const queryRunner = source.createQueryRunner()
  // The transaction is ours already: one that the migration opens inside of it becomes a savepoint, as with TypeORM's own.
  if (transaction) Object.assign(queryRunner, { isTransactionActive: true, transactionDepth: 1 })
  try {
    await way(queryRunner)
  } finally {
    await queryRunner.release()
    await source.destroy()
  }
}

/**
 * What shapes the SQL stays: schema and naming. What connects, logs or synchronises goes, and so do the entities: a
 * migration has to work whatever they have become since.
 */
function shaping({
  schema,
  namingStrategy,
  uuidExtension,
  metadataTableName,
  entityPrefix,
}: DataSourceOptions): object {
  const given = { schema, namingStrategy, uuidExtension, metadataTableName, entityPrefix }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
