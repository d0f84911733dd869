import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string }

/** A real HTTP server. @param answer - status for the n-th request, from 0; `undefined` leaves it without an answer */
export async function webhookReceiver(
  answer: (n: number) => number | undefined,
): Promise<{ readonly url: string; readonly received: Received[]; stop(): Promise<void> }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const status = answer(received.length)
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
      if (status === undefined) return
      response.writeHead(status, status >= 300 && status < 400 ? { location: '/elsewhere' } : {})
      response.end('thank you')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** A real SMTP server that keeps what it took. @param refuse - lets a test refuse the n-th mail's recipient */
export async function mailReceiver(options: {
  readonly password?: string
  readonly host?: string
  readonly refuse?: (n: number) => { readonly code: number; readonly text: string } | undefined
}): Promise<{
  readonly port: number
  readonly mails: ParsedMail[]
  readonly tries: () => number
  stop(): Promise<void>
}> {
  const mails: ParsedMail[] = []
  let recipients = 0
  const settings: SMTPServerOptions = {
    authOptional: options.password === undefined,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth(auth, _session, done) {
      if (auth.password === options.password) done(null, { user: auth.username ?? '' })
      else done(Object.assign(new Error('wrong user or password'), { responseCode: 535 }))
    },
    onRcptTo(_address, _session, done) {
      const refused = options.refuse?.(recipients)
      recipients += 1
      done(refused === undefined ? null : Object.assign(new Error(refused.text), { responseCode: refused.code }))
    },
    onData(stream, _session, done) {
      simpleParser(stream)
        .then((mail) => {
          mails.push(mail)
          done()
        })
        .catch(done)
    },
  }
  const server = new SMTPServer(settings)
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, options.host ?? '127.0.0.1', () => resolve()))
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    tries: () => recipients,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
