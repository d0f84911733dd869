/** Delivers what is due once, in a process of its own: the tests kill it between the sending and the marking. */
import { pino } from 'pino'
import { systemClock } from '../../core/index.ts'
import { createPool } from '../../db/index.ts'
import { openChannels } from '../channels/open-channels.ts'
import { deliverDue } from '../delivery/deliver.ts'

const [databaseUrl = '', url = '', secret = ''] = process.argv.slice(2)
const log = pino({ level: 'silent' })
const pool = createPool({ url: databaseUrl, applicationName: 'deliver-child' })
const channels = openChannels([{ type: 'webhook', name: 'hook', audiences: ['developer'], url, secret }], log, Date.now)
await deliverDue({ pool, channels, clock: systemClock, log })
await pool.end()
