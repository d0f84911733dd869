import { SankofaError } from 'sankofa/core'
import { createPool, type KeptDatabase, openKeptDatabase } from 'sankofa/db'
import type { Settings } from './settings.ts'

export type Database = KeptDatabase

const oldestMajor = 15

/** The user's own server when DATABASE_URL is set, else the embedded one, kept running. */
export async function openDatabase(settings: Settings, onTrouble: (sentence: string) => void): Promise<Database> {
  return settings.databaseUrl === undefined
    ? openKeptDatabase({ directory: settings.directory, name: 'market', onTrouble })
    : openGiven(settings.databaseUrl)
}

async function openGiven(url: string): Promise<Database> {
  const pool = createPool({ url, max: 1, applicationName: 'sankofa-start' })
  const where = new URL(url).host
  try {
    const version = await pool.query<{ server_version_num: string; server_version: string }>(
      `select current_setting('server_version_num') as server_version_num, current_setting('server_version') as server_version`,
    )
    const row = version.rows[0]
    const major = Math.floor(Number(row?.server_version_num) / 10_000)
    if (major < oldestMajor) {
      throw new SankofaError('SETTINGS_WRONG', {
        problems: [
          `DATABASE_URL: found PostgreSQL ${row?.server_version} at ${where}, expected ${oldestMajor} or newer.`,
        ],
      })
    }
    return { url, description: `PostgreSQL ${row?.server_version} at ${where}`, stop: async () => {} }
  } catch (cause) {
    if (cause instanceof SankofaError) throw cause
    const reason =
      cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause)
    throw new SankofaError('DATABASE_UNREACHABLE', { where, reason }, { cause })
  } finally {
    await pool.end()
  }
}
