import type { Logger } from 'pino'
import { audiences } from '../settings.ts'
import type { Channel } from './channel.ts'

/** Always there, for every audience: what is told to anyone is in the log. */
export const logChannel = (log: Logger): Channel => ({
  name: 'log',
  audiences,
  async send(notice) {
    log.warn(
      { notice: notice.dedupKey, audience: notice.audience, incident: notice.incident?.toString(), body: notice.body },
      notice.subject,
    )
  },
})
