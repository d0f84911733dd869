// A process of its own for tests: prints who is exposed, and prints it again each time that changes.
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { createFlagClient } from '../flag-client.ts'
import { aFlag, subjects } from './fixtures.ts'

const [url = '', directory = ''] = process.argv.slice(2)
const flag = aFlag()
const client = createFlagClient({
  flags: [flag],
  tunables: [],
  url,
  directory,
  secret: 'secret',
  log: pino({ enabled: false }),
})
process.on('SIGTERM', () => void client.stop().then(() => process.exit(0)))
await client.start()
let printed = ''
for (;;) {
  const ids = subjects(500)
  const exposed = ids.filter((id) => client.isOn(flag, { subject: id }))
  const measured = ids.flatMap((id) => client.exposures(id)).map(({ exposed, fresh }) => [exposed, fresh])
  const line = `${exposed.length} ${createHash('sha256')
    .update(JSON.stringify([exposed, measured]))
    .digest('hex')}`
  if (line !== printed) process.stdout.write(`${line}\n`)
  printed = line
  await delay(20)
}
