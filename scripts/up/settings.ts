import { resolve } from 'node:path'
import { SankofaError } from 'sankofa/core'

export type Settings = {
  readonly marketPort: number
  readonly consolePort: number
  readonly directory: string
  /** A server of the user's own; `undefined`: the embedded one. */
  readonly databaseUrl: string | undefined
  readonly customers: boolean
}

/** Reads the environment. @throws SankofaError `SETTINGS_WRONG`, with every wrong setting at once */
export function readSettings(environment: NodeJS.ProcessEnv, root: string): Settings {
  const problems: string[] = []
  const port = (name: string, otherwise: number): number => {
    const found = environment[name]
    if (found === undefined || found === '') return otherwise
    const value = Number(found)
    if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value
    problems.push(`${name}: found "${found}", expected a port between 1 and 65535.`)
    return otherwise
  }
  const marketPort = port('MARKET_PORT', 4500)
  const consolePort = port('CONSOLE_PORT', 4600)
  if (marketPort === consolePort)
    problems.push(`CONSOLE_PORT: found ${consolePort}, expected another port than MARKET_PORT.`)

  const databaseUrl = environment.DATABASE_URL || undefined
  if (databaseUrl !== undefined) {
    const protocol = URL.canParse(databaseUrl) ? new URL(databaseUrl).protocol : undefined
    if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
      problems.push(
        'DATABASE_URL: found something that is not a PostgreSQL address, expected postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
      )
    }
  }
  const customers = environment.CUSTOMERS ?? '1'
  if (!['0', '1', ''].includes(customers)) problems.push(`CUSTOMERS: found "${customers}", expected 0 (none) or 1.`)

  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
  return {
    marketPort,
    consolePort,
    directory: resolve(root, environment.SANKOFA_DIR || '.sankofa'),
    databaseUrl,
    customers: customers !== '0',
  }
}
