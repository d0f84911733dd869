import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { type Clock, systemClock } from '../../core/index.ts'
import type { Channel, Outgoing } from '../channels/channel.ts'
import { openChannels } from '../channels/open-channels.ts'
import { verifyWebhook } from '../channels/webhook.ts'
import { type NewNotice, readNotices, writeNotice } from '../notice.ts'
import type { ChannelSettings } from '../settings.ts'
import { mailReceiver, webhookReceiver } from '../testing/receivers.ts'
import { virtualClock } from '../testing/shop.ts'
import { alone } from '../tools.ts'
import { type Delivery, deliverDue, mostTries, waitAfterMs } from './deliver.ts'

const secret = 'a secret of the receiver'
const log = pino({ level: 'silent' })

const deliveryOf = (db: TestDatabase, clock: Clock, settings: readonly ChannelSettings[]): Delivery => ({
  pool: db.pool,
  channels: openChannels(settings, log, clock.now),
  clock,
  log,
})

const write = (delivery: Delivery, key: string, more: Partial<NewNotice> = {}): Promise<boolean> =>
  alone(delivery.pool, (client) =>
    writeNotice(
      client,
      {
        dedupKey: key,
        incident: undefined,
        audience: 'developer',
        subject: `About ${key}`,
        body: 'line one\nline two',
        ...more,
      },
      delivery.channels,
      new Date(delivery.clock.now()),
    ),
  )

const webhook = (url: string): ChannelSettings => ({
  type: 'webhook',
  name: 'hook',
  audiences: ['developer'],
  url,
  secret,
})

async function receiver(answer: Parameters<typeof webhookReceiver>[0]) {
  const server = await webhookReceiver(answer)
  onTestFinished(() => server.stop())
  return server
}

const stateOf = async (db: TestDatabase, channel: string) =>
  (await readNotices(db.pool)).flatMap((notice) => notice.deliveries.filter((delivery) => delivery.channel === channel))

test('a receiver that answers 500 and then 200 gets the notice twice under one id, and never again', async ({ db }) => {
  const clock = virtualClock()
  const server = await receiver((n) => (n === 0 ? 500 : 200))
  const delivery = deliveryOf(db, clock, [webhook(server.url)])
  await write(delivery, 'n1')

  await deliverDue(delivery)
  const afterFirst = await stateOf(db, 'hook')
  await deliverDue(delivery)
  clock.set(waitAfterMs(1) / 1_000)
  await deliverDue(delivery)
  clock.set(3_600)
  await deliverDue(delivery)

  expect(afterFirst).toEqual([{ channel: 'hook', state: 'waiting', tries: 1, lastError: 'answered 500' }])
  expect(await stateOf(db, 'hook')).toEqual([{ channel: 'hook', state: 'delivered', tries: 2, lastError: undefined }])
  expect(server.received.map(({ headers }) => headers['sankofa-notice'])).toEqual(['n1', 'n1'])
  expect(JSON.parse(server.received[1]?.body ?? '')).toMatchObject({
    id: 'n1',
    subject: 'About n1',
    text: 'line one\nline two',
  })
})

test('the signature proves sender, content and time', async ({ db }) => {
  const clock = virtualClock()
  const server = await receiver(() => 204)
  const delivery = deliveryOf(db, clock, [webhook(server.url)])
  await write(delivery, 'n1')
  await deliverDue(delivery)
  const [{ headers, body } = { headers: {}, body: '' }] = server.received
  const genuine = { secret, headers, body, nowMs: clock.now() }

  expect(verifyWebhook(genuine)).toBe(true)
  expect(verifyWebhook({ ...genuine, body: body.replace('n1', 'n2') })).toBe(false)
  expect(verifyWebhook({ ...genuine, secret: 'another secret of 20' })).toBe(false)
  expect(verifyWebhook({ ...genuine, nowMs: clock.now() + 10 * 60_000 })).toBe(false)
  const moved = { ...headers, 'sankofa-timestamp': String(Number(headers['sankofa-timestamp']) + 60) }
  expect(verifyWebhook({ ...genuine, headers: moved })).toBe(false)
  expect(verifyWebhook({ ...genuine, headers: { ...headers, 'sankofa-signature': 'v1=' } })).toBe(false)
})

test('a redirect is not followed and does not count as taken', async ({ db }) => {
  const clock = virtualClock()
  const server = await receiver(() => 307)
  const delivery = deliveryOf(db, clock, [webhook(server.url)])
  await write(delivery, 'n1')

  await deliverDue(delivery)

  expect(server.received).toHaveLength(1)
  expect(await stateOf(db, 'hook')).toMatchObject([{ state: 'waiting', lastError: 'answered 307' }])
})

test('a receiver that takes the request and never answers is given 5 s, and the others get theirs', async ({ db }) => {
  const clock = virtualClock()
  const silent = await receiver(() => undefined)
  const delivery = deliveryOf(db, clock, [webhook(silent.url)])
  await write(delivery, 'n1')
  const begun = performance.now()

  await deliverDue(delivery)

  expect(performance.now() - begun).toBeLessThan(9_000)
  expect(silent.received).toHaveLength(1)
  expect(await stateOf(db, 'hook')).toMatchObject([{ state: 'waiting', lastError: expect.stringMatching(/timeout/i) }])
  expect(await stateOf(db, 'log')).toMatchObject([{ state: 'delivered' }])
})

test('a process killed between sending and marking leads to a second delivery with the same id', async ({ db }) => {
  const server = await receiver((n) => (n === 0 ? undefined : 200))
  const delivery = deliveryOf(db, systemClock, [webhook(server.url)])
  await write(delivery, 'n1')
  const script = fileURLToPath(new URL('../testing/deliver-child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=sankofa-source', script, db.url, server.url, secret], {
    stdio: 'inherit',
  })
  const ended = once(child, 'exit')

  await expect.poll(() => server.received.length, { timeout: 20_000 }).toBe(1)
  child.kill('SIGKILL')
  const [, signal] = await ended
  const afterKill = await stateOf(db, 'hook')
  // The claim of the dead process ends after a minute.
  const later = { ...delivery, clock: { ...systemClock, now: () => Date.now() + 61_000 } }
  await deliverDue(later)
  await deliverDue(later)

  expect(signal).toBe('SIGKILL')
  expect(afterKill).toMatchObject([{ state: 'waiting', tries: 1 }])
  expect(await stateOf(db, 'hook')).toMatchObject([{ state: 'delivered', tries: 2 }])
  expect(server.received.map(({ headers }) => headers['sankofa-notice'])).toEqual(['n1', 'n1'])
})

test('after the last try it is given up, and every other channel says so', async ({ db }) => {
  const clock = virtualClock()
  const broken = await receiver(() => 503)
  const well = await receiver(() => 200)
  const delivery = deliveryOf(db, clock, [
    webhook(broken.url),
    { type: 'webhook', name: 'second', audiences: ['developer'], url: well.url, secret },
  ])
  await write(delivery, 'n1')

  for (let n = 0; n < 2 * mostTries; n += 1) {
    await deliverDue(delivery)
    await clock.sleep(11 * 60_000)
  }

  expect(broken.received).toHaveLength(mostTries)
  const subjects = well.received.map(({ body }) => JSON.parse(body).subject)
  expect(subjects).toEqual(['About n1', 'Not delivered by hook: About n1'])
  expect(
    (await readNotices(db.pool)).map((notice) => [
      notice.dedupKey,
      notice.deliveries.map((one) => `${one.channel} ${one.state}`),
    ]),
  ).toEqual([
    [expect.stringMatching(/^undelivered:\d+:hook$/), ['log delivered', 'second delivered']],
    ['n1', ['hook gave-up', 'log delivered', 'second delivered']],
  ])
})

test('where every channel fails, giving up does not lead to messages without end', async ({ db }) => {
  const clock = virtualClock()
  const broken = await receiver(() => 503)
  const delivery = deliveryOf(db, clock, [
    webhook(broken.url),
    { type: 'webhook', name: 'second', audiences: ['developer'], url: broken.url, secret },
  ])
  await write(delivery, 'n1')

  for (let n = 0; n < 4 * mostTries; n += 1) {
    await deliverDue(delivery)
    await clock.sleep(11 * 60_000)
  }

  expect(await readNotices(db.pool)).toHaveLength(3)
  expect((await stateOf(db, 'log')).map((one) => one.state)).toEqual(['delivered', 'delivered', 'delivered'])
})

test('later notices of an incident wait for the earlier ones of the same channel', async ({ db }) => {
  const clock = virtualClock()
  const server = await receiver((n) => (n === 0 ? 500 : 200))
  const delivery = deliveryOf(db, clock, [webhook(server.url)])
  const opened = await db.pool.query<{ id: bigint }>(
    `insert into sankofa.incident (opened_at, subject, state) values (now(), 'rule:disk', 'open') returning id`,
  )
  const incident = opened.rows[0]?.id
  await write(delivery, 'first', { incident })
  await write(delivery, 'second', { incident })
  await write(delivery, 'other')

  for (let n = 0; n < 4; n += 1) {
    await deliverDue(delivery)
    await clock.sleep(waitAfterMs(1))
  }

  expect(server.received.map(({ headers }) => headers['sankofa-notice'])).toEqual(['first', 'other', 'first', 'second'])
})

test('two processes that deliver at once send each notice once', async ({ db }) => {
  const clock = virtualClock()
  const sent: string[] = []
  const slow: Channel = {
    name: 'slow',
    audiences: ['developer'],
    async send(notice: Outgoing) {
      sent.push(notice.dedupKey)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
  const delivery: Delivery = { ...deliveryOf(db, clock, []), channels: [slow] }
  for (let n = 0; n < 15; n += 1) await write(delivery, `n${n}`)

  await Promise.all([deliverDue(delivery), deliverDue(delivery), deliverDue(delivery)])

  expect(sent.toSorted()).toEqual(Array.from({ length: 15 }, (_, n) => `n${n}`).toSorted())
})

test('the same notice written by two alerters is one notice', async ({ db }) => {
  const delivery = deliveryOf(db, virtualClock(), [])

  const written = await Promise.all([write(delivery, 'n1'), write(delivery, 'n1'), write(delivery, 'n1')])

  expect(written.filter(Boolean)).toHaveLength(1)
  expect(await readNotices(db.pool)).toHaveLength(1)
})

test('what waits for a channel that was taken out of the settings is given up, and said', async ({ db }) => {
  const clock = virtualClock()
  await write(deliveryOf(db, clock, [webhook('http://127.0.0.1:1/')]), 'n1')
  const without = deliveryOf(db, clock, [])

  await deliverDue(without)
  const atFirst = await stateOf(db, 'hook')
  clock.set(2 * 3_600)
  await deliverDue(without)

  expect(atFirst).toMatchObject([{ state: 'waiting' }])
  expect(await stateOf(db, 'hook')).toMatchObject([{ state: 'gave-up' }])
  expect((await readNotices(db.pool))[0]?.subject).toBe('Not delivered by hook: About n1')
})

test('a wrong mail password is tried again, and the password stays out of what is kept', async ({ db }) => {
  const clock = virtualClock()
  const server = await mailReceiver({ password: 'the right one' })
  onTestFinished(() => server.stop())
  const mail = (password: string): ChannelSettings => ({
    type: 'email',
    name: 'mail',
    audiences: ['developer'],
    server: `smtp://sankofa:${encodeURIComponent(password)}@127.0.0.1:${server.port}`,
    from: 'Sankofa <sankofa@example.com>',
    to: ['dev@example.com'],
  })
  const wrong = deliveryOf(db, clock, [mail('the wrong one')])
  await write(wrong, 'n1')

  await deliverDue(wrong)
  const refused = await stateOf(db, 'mail')
  clock.set(60)
  await deliverDue(deliveryOf(db, clock, [mail('the right one')]))

  expect(refused).toMatchObject([{ state: 'waiting', tries: 1, lastError: expect.stringContaining('535') }])
  expect(JSON.stringify(refused)).not.toContain('the wrong one')
  expect(server.mails.map((mail) => [mail.subject, mail.text?.trim()])).toEqual([['About n1', 'line one\nline two']])
})

test('a mail that is put off with 451 is sent again; the mails of one incident are one thread', async ({ db }) => {
  const clock = virtualClock()
  const server = await mailReceiver({ refuse: (n) => (n === 0 ? { code: 451, text: 'try again later' } : undefined) })
  onTestFinished(() => server.stop())
  const delivery = deliveryOf(db, clock, [
    {
      type: 'email',
      name: 'mail',
      audiences: ['owner'],
      server: `smtp://127.0.0.1:${server.port}`,
      from: 'sankofa@example.com',
      to: ['owner@example.com'],
    },
  ])
  const opened = await db.pool.query<{ id: bigint }>(
    `insert into sankofa.incident (opened_at, subject, state) values (now(), 'rule:disk', 'open') returning id`,
  )
  const incident = opened.rows[0]?.id
  await write(delivery, 'n1', { audience: 'owner', incident, subject: 'Checkout problem, ₦184,500' })
  await write(delivery, 'n2', { audience: 'owner', incident })

  await deliverDue(delivery)
  const putOff = await stateOf(db, 'mail')
  for (let n = 0; n < 3; n += 1) {
    await clock.sleep(60_000)
    await deliverDue(delivery)
  }

  expect(putOff.map((one) => one.lastError)).toContainEqual(expect.stringContaining('451'))
  expect(server.tries()).toBe(3)
  expect(server.mails.map((mail) => mail.subject)).toEqual(['Checkout problem, ₦184,500', 'About n2'])
  const [first, second] = server.mails
  expect(first?.references).toEqual(second?.references)
  expect(first?.inReplyTo).toBeDefined()
  expect(first?.messageId).not.toBe(second?.messageId)
})

test('a mail that is sent twice has one Message-ID, and no line of it can be forged by a subject', async ({ db }) => {
  const clock = virtualClock()
  const server = await mailReceiver({})
  onTestFinished(() => server.stop())
  const delivery = deliveryOf(db, clock, [
    {
      type: 'email',
      name: 'mail',
      audiences: ['owner'],
      server: `smtp://127.0.0.1:${server.port}`,
      from: 'sankofa@example.com',
      to: ['owner@example.com'],
    },
  ])
  await write(delivery, 'n1', { audience: 'owner', subject: 'x\r\nBcc: everyone@example.com' })

  await deliverDue(delivery)
  await db.pool.query(
    `update sankofa.notice_delivery set state = 'waiting', next_try_at = '-infinity' where channel = 'mail'`,
  )
  await deliverDue(delivery)

  expect(server.mails).toHaveLength(2)
  expect(server.mails[0]?.messageId).toBe(server.mails[1]?.messageId)
  expect(server.mails[0]?.bcc).toBeUndefined()
})

test('a password never leaves over a connection without TLS to another host', async ({ db }) => {
  const clock = virtualClock()
  const server = await mailReceiver({ password: 'p', host: '127.0.0.2' })
  onTestFinished(() => server.stop())
  // 127.0.0.2 is not one of the names that count as this machine.
  const delivery = deliveryOf(db, clock, [
    {
      type: 'email',
      name: 'mail',
      audiences: ['developer'],
      server: `smtp://sankofa:p@127.0.0.2:${server.port}`,
      from: 'a@example.com',
      to: ['b@example.com'],
    },
  ])
  await write(delivery, 'n1')

  await deliverDue(delivery)

  expect(server.mails).toEqual([])
  expect(await stateOf(db, 'mail')).toMatchObject([
    { state: 'waiting', lastError: expect.stringContaining('STARTTLS') },
  ])
})
