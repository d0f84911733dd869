import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { startSettings } from 'sankofa'
import { createPool } from 'sankofa/db'
import { layoutOf, makeRelease, placeCurrent, readSplit, registerRelease } from 'sankofa/release'
import { config } from '../sankofa.config.ts'
import type { Placed } from './up/market-release.ts'

/**
 * A program, because the config loads the whole shop: makes a release of the repository's folder, or finds it made before, and
 * lets everybody get it where no other goes out. Prints what came of it as JSON.
 */
const { service, release } = config
const directory = process.env.SANKOFA_DIR
const url = process.env.DATABASE_URL
if (release === undefined || directory === undefined || url === undefined)
  throw new Error('release in sankofa.config.ts, SANKOFA_DIR and DATABASE_URL are needed')

const { manifest } = await makeRelease({
  layout: layoutOf(join(directory, 'host')),
  service,
  source: { kind: 'directory', path: resolve(import.meta.dirname, '..') },
  start: startSettings(release),
  madeBy: userInfo().username,
})
const pool = createPool({ url, max: 1, applicationName: 'sankofa-start' })
try {
  await registerRelease(pool, { manifest, size: undefined, news: undefined })
  const current = await placeCurrent(pool, service, manifest.release)
  const { next } = (await readSplit(pool, service)) ?? {}
  console.log(JSON.stringify({ service, made: manifest.release, current, next } satisfies Placed))
} finally {
  await pool.end()
}
