import { createHash } from 'node:crypto'
import { createTransport } from 'nodemailer'
import type { EmailSettings } from '../settings.ts'
import type { Channel, Outgoing } from './channel.ts'

/** Mails of one incident make one thread, and a mail that is sent twice has the same Message-ID. */
export function emailChannel(settings: EmailSettings): Channel {
  const server = new URL(settings.server)
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(server.hostname)
  const user = decodeURIComponent(server.username)
  const secure = server.protocol === 'smtps:'
  const transport = createTransport({
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? (secure ? 465 : 587) : Number(server.port),
    secure,
    // A password, and what is in the mail, must not cross the network in the clear.
    requireTLS: !secure && !loopback,
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(server.password) } }),
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 10_000,
    dnsTimeout: 5_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const host =
    settings.from
      .split('@')
      .at(-1)
      ?.replace(/[^a-zA-Z0-9.-]/g, '') || 'sankofa.invalid'
  return {
    name: settings.name,
    audiences: settings.audiences,
    async send(notice) {
      const thread = threadOf(notice, host)
      const sent = await transport.sendMail({
        from: settings.from,
        to: [...settings.to],
        subject: notice.subject,
        text: notice.body,
        messageId: messageId(notice.dedupKey, host),
        ...(thread === undefined ? {} : { references: thread, inReplyTo: thread }),
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      // Some recipients refused: the mail counts as not delivered, and is sent again to all.
      if (sent.rejected.length > 0)
        throw new Error(`${sent.rejected.length} of ${settings.to.length} recipients were refused`)
    },
  }
}

/** The root of the thread is a name that no mail has: so it does not matter which mail of an incident arrives first. */
const threadOf = (notice: Outgoing, host: string): string | undefined =>
  notice.incident === undefined ? undefined : messageId(`incident-${notice.incident}`, host)

const messageId = (name: string, host: string): string =>
  `<${createHash('sha256').update(name).digest('hex').slice(0, 32)}@${host}>`
