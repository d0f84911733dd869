import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { findSecret } from 'sankofa/core'
import { request } from 'undici'
import { watchParent } from '../parent.ts'
import { marketSecret } from '../secrets.ts'
import { seedCustomers } from '../seed/customers.ts'
import { startCustomers } from './run.ts'

const url = process.env.MARKET_URL ?? `http://127.0.0.1:${process.env.MARKET_PORT ?? 4500}`
const many = Number(process.env.MARKET_CUSTOMERS ?? 2_000)
const file = process.env.CUSTOMERS_LOG
const say = (line: object): void => {
  const text = JSON.stringify(line)
  if (file === undefined) console.log(text)
  else appendFileSync(file, `${text}\n`)
}

let running: ReturnType<typeof startCustomers> | undefined
const stop = (): void => {
  // Nobody is owed anything by a customer: what does not end within 2 s is cut.
  setTimeout(() => process.exit(0), 2_000).unref()
  void Promise.resolve(running?.stop()).then(() => process.exit(0))
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
watchParent(stop)

// The shop may still be opening; customers come when its door does.
while (!(await isOpen())) await delay(250)
const secret = marketSecret(await findSecret(process.env.SANKOFA_DIR ?? '.sankofa'))
running = startCustomers({
  url,
  secret,
  customers: seedCustomers(many, secret),
  requestsPerSecond: Number(process.env.CUSTOMERS_RPS ?? 50),
  report: say,
})
console.log(JSON.stringify({ ready: true, service: 'customers', url, customers: many, pid: process.pid }))

async function isOpen(): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/health`)
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}
