import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type defineConfig, startSettings } from 'sankofa'
import { createPool } from 'sankofa/db'
import { layoutOf, makeRelease, placeCurrent, readSplit, registerRelease } from 'sankofa/release'
import type { Placed } from './up/market-release.ts'

/**
 * A program, because the config loads the whole shop: makes a release of the repository's folder, or finds it made before, and
 * lets everybody get it where no other goes out. Prints what came of it as JSON.
 */
const { SANKOFA_DIR: directory, DATABASE_URL: url, SANKOFA_CONFIG: file } = process.env
if (directory === undefined || url === undefined || file === undefined)
  throw new Error('SANKOFA_DIR, DATABASE_URL and SANKOFA_CONFIG are needed')
const { config }: { readonly config: ReturnType<typeof defineConfig> } = await import(pathToFileURL(file).href)
const { service, release } = config
if (release === undefined) throw new Error(`${file} does not say how ${service} is released`)

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
