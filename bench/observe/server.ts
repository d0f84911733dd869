import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { destination, pino } from 'pino'
import { defineFlag, sankofa } from 'sankofa'
import { createPool } from 'sankofa/db'
import { sankofaFastify } from 'sankofa/fastify'
import { createLog } from 'sankofa/observe'

/** One server of the benchmark: `node server.ts MODE DATABASE_URL`; tells its port, then its CPU time when asked. */
const [mode = 'bare', databaseUrl = ''] = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), 'sankofa-bench-'))
const logFile = join(directory, 'log')
const isMeasured = mode.startsWith('measured')

const app = Fastify(
  mode === 'fastify-logger' ? { loggerInstance: pino(destination({ dest: logFile, sync: false })) } : {},
)
const demo = defineFlag({ id: 'bench', title: 'Benchmark', owner: 'bench', expires: '2099-01-01' })
const toolkit = isMeasured
  ? sankofa({
      service: mode,
      databaseUrl,
      directory,
      secret: 'only for the benchmark, and of no other use',
      release: 'bench',
      flags: mode === 'measured-change' ? [demo] : [],
      logRequests: mode === 'measured-log',
      log:
        mode === 'measured-log'
          ? createLog({ service: mode, release: 'bench', destination: logFile })
          : pino({ level: 'warn' }, destination(2)),
    })
  : undefined
if (toolkit !== undefined) {
  await toolkit.start()
  await app.register(sankofaFastify, { sankofa: toolkit, subject: (request) => String(request.headers['x-user']) })
}
const pool = toolkit?.pool({ max: 10 }) ?? createPool({ url: databaseUrl, max: 10, applicationName: mode })

app.get('/json', () => ({ id: 7, name: 'kente', price: 184_500, stock: 12 }))
app.get('/query', async () => {
  const { rows } = await pool.query('select $1::int as id, $2::text as name', [7, 'kente'])
  return rows[0]
})
app.addHook('onClose', async () => {
  await toolkit?.stop()
  await pool.end()
  rmSync(directory, { recursive: true, force: true })
})
await app.listen({ host: '127.0.0.1', port: 0 })

process.on('message', (message) => {
  if (message === 'stop') void app.close().then(() => process.disconnect())
  else process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage().rss })
})
process.on('disconnect', () => process.exit())
process.send?.({ port: (app.server.address() as AddressInfo).port })
