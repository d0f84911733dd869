// A migrator in a process of its own, for tests that kill it. Its orders are in the environment.
import pg from 'pg'
import { systemClock } from '../../../core/index.ts'
import { putGate } from './gate.ts'
import { goOn, type RunnerOrders } from './go-on.ts'

const orders = JSON.parse(process.env.RUNNER_ORDERS ?? '{}') as RunnerOrders
// Patient: many of these are started on a busy machine.
const pool = new pg.Pool({ connectionString: orders.url, max: 2, connectionTimeoutMillis: 60_000 })
putGate(pool, new Set(orders.passed), (label) => void process.stdout.write(`${JSON.stringify({ label })}\n`))
await goOn(pool, systemClock, orders)
await pool.end()
