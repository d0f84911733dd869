import { dbmate } from './dbmate.ts'
import { diesel } from './diesel.ts'
import { drizzle } from './drizzle.ts'
import { flyway } from './flyway.ts'
import type { Format } from './format.ts'
import { golangMigrate } from './golang-migrate.ts'
import { goose } from './goose.ts'
import { knex } from './knex.ts'
import { kysely } from './kysely.ts'
import { nodePgMigrate } from './node-pg-migrate.ts'
import { prisma } from './prisma.ts'
import { sankofa } from './sankofa.ts'
import { sequelize } from './sequelize.ts'
import { typeorm } from './typeorm.ts'

/** Every tool whose folders are read as they are. */
export const formats: readonly Format[] = [
  sankofa,
  prisma,
  drizzle,
  knex,
  typeorm,
  nodePgMigrate,
  kysely,
  sequelize,
  diesel,
  golangMigrate,
  dbmate,
  goose,
  flyway,
]
