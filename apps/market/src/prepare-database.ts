import { findSecret } from 'sankofa/core'
import { createPool } from 'sankofa/db'
import { prepare } from './prepare.ts'

/** A program: brings the database that `DATABASE_URL` names up to date, fills the shelves of a new shop, and ends. */
const pool = createPool({ url: process.env.DATABASE_URL ?? '', max: 2, applicationName: 'market-prepare' })
try {
  const secret = await findSecret(process.env.SANKOFA_DIR ?? '.sankofa')
  console.log(JSON.stringify(await prepare(pool, secret)))
} finally {
  await pool.end()
}
