import { setTimeout as delay } from 'node:timers/promises'
import { drain, sankofa } from 'sankofa'
import { findSecret } from 'sankofa/core'
import { createPool } from 'sankofa/db'
import { request } from 'undici'
import { config } from '../sankofa.config.ts'
import { buildMarket } from './market.ts'
import { watchParent } from './parent.ts'
import { prepare } from './prepare.ts'
import { marketSecret } from './secrets.ts'
import { underSankofa } from './under-sankofa.ts'
import { chargesNotTold, signatureHeader } from './wallet/provider.ts'
import { webhookPath } from './wallet/webhook.ts'

const directory = process.env.SANKOFA_DIR ?? '.sankofa'
const port = Number(process.env.PORT ?? process.env.MARKET_PORT ?? 4500)
const databaseUrl = process.env.DATABASE_URL
if (databaseUrl === undefined || databaseUrl === '') {
  console.error(
    'DATABASE_URL is not set. Set it to the PostgreSQL that the market keeps its data in, or run "npm start".',
  )
  process.exit(2)
}

const secret = await findSecret(directory)
const toolkit = sankofa({
  service: config.service,
  databaseUrl,
  directory,
  secret,
  flags: config.flags ?? [],
  tunables: config.tunables ?? [],
})
const { log } = toolkit
const origin = `http://127.0.0.1:${port}`
const market = await buildMarket({
  databaseUrl,
  toolkit: underSankofa(toolkit),
  secret: marketSecret(secret),
  log,
  faults: process.env.MARKET_FAULTS === 'off' ? 'off' : 'on',
  async deliver(body, signature) {
    const headers = { 'content-type': 'application/json', [signatureHeader]: signature }
    // A connection of its own: one that is kept would keep this process waiting at its end.
    const response = await request(`${origin}${webhookPath}`, { method: 'POST', headers, body, reset: true })
    await response.body.dump()
    return response.statusCode
  },
})

let stopping = false
const stop = async (why: string): Promise<void> => {
  if (stopping) return
  stopping = true
  log.info({ why }, 'the market stops')
  // A host kills what is still there after 10 s.
  setTimeout(() => process.exit(1), 9_500).unref()
  // Whoever keeps a connection, such as the gateway, may have a request on its way on it.
  await drain(market.app.server, { withinMs: 6_000 })
  await market.close()
  await toolkit.stop()
  process.exit(0)
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
watchParent(() => void stop('its parent is gone'))

/**
 * With the database away the market starts all the same: what needs no database answers, the rest says 503. As a release it
 * changes no schema: what a release needs goes out before it, as changes of their own.
 */
async function open(): Promise<void> {
  const pool = createPool({ url: databaseUrl ?? '', max: 2, applicationName: 'market-prepare' })
  try {
    if (process.env.MARKET_PREPARED !== 'yes') log.info(await prepare(pool, secret), 'the database is ready')
    for (const charge of await chargesNotTold(pool)) market.provider.charge(charge)
  } finally {
    await pool.end()
  }
}

async function openUntilDone(): Promise<void> {
  while (!stopping) {
    try {
      return await open()
    } catch (error) {
      log.error({ err: error }, 'the database is not ready; trying again in 2 s')
      await delay(2_000)
    }
  }
}

const opening = openUntilDone()
await toolkit.start()
// Ready means ready to sell; but a database that is away must not keep the rest from answering.
await Promise.race([opening, delay(20_000, undefined, { ref: false })])
await market.app.listen({ host: '127.0.0.1', port })
console.log(
  JSON.stringify({ ready: true, service: config.service, url: origin, pid: process.pid, release: toolkit.release }),
)
