import { appendFileSync } from 'node:fs'
import { watchParent } from '../parent.ts'
import { marketSecret, readOrMakeSecret } from '../secrets.ts'
import { seedCustomers } from '../seed/customers.ts'
import { startCustomers } from './run.ts'

const secret = marketSecret(await readOrMakeSecret(process.env.SANKOFA_DIR ?? '.sankofa'))
const url = process.env.MARKET_URL ?? `http://127.0.0.1:${process.env.MARKET_PORT ?? 4500}`
const many = Number(process.env.MARKET_CUSTOMERS ?? 2_000)
const file = process.env.CUSTOMERS_LOG
const say = (line: object): void => {
  const text = JSON.stringify(line)
  if (file === undefined) console.log(text)
  else appendFileSync(file, `${text}\n`)
}

const running = startCustomers({
  url,
  secret,
  customers: seedCustomers(many, secret),
  requestsPerSecond: Number(process.env.CUSTOMERS_RPS ?? 50),
  report: say,
})

const stop = (): void => {
  // Nobody is owed anything by a customer: what does not end within a second is cut.
  setTimeout(() => process.exit(0), 1_000).unref()
  void running.stop().then(() => process.exit(0))
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
watchParent(stop)
console.log(JSON.stringify({ ready: true, service: 'customers', url, customers: many, pid: process.pid }))
