import { pino } from 'pino'
import { expect, onTestFinished, test } from '#harness'
import { systemClock } from '../core/index.ts'
import { openJournal } from '../journal/index.ts'
import { createAlerter } from './alerter.ts'
import { readNotices } from './notice.ts'
import { webhookReceiver } from './testing/receivers.ts'
import { changeStory } from './testing/shop.ts'

test('a started alerter tells of a change within seconds, and ends when it is stopped', async ({ db }) => {
  const server = await webhookReceiver(() => 200)
  onTestFinished(() => server.stop())
  const secret = 'a secret of the receiver'
  const alerter = createAlerter({
    pool: db.pool,
    journal: openJournal(db.pool),
    settings: { channels: [{ type: 'webhook', name: 'hook', audiences: ['developer'], url: server.url, secret }] },
    // The stories of the tests happen in the afternoon of that day.
    clock: { ...systemClock, now: () => Date.parse('2026-11-23T13:21:00Z') },
    log: pino({ level: 'silent' }),
  })

  alerter.start()
  const story = changeStory(db)
  await story.exposed(0)
  await story.undone(30, 31, { cause: 'person' })
  await expect.poll(() => server.received.length, { timeout: 15_000 }).toBe(1)
  await alerter.stop()

  expect(JSON.parse(server.received[0]?.body ?? '')).toMatchObject({
    id: expect.stringMatching(/^change:demo-broken-checkout:go:\d+:undone$/),
    audience: 'developer',
    subject: 'demo-broken-checkout was taken back',
  })
  expect(await readNotices(db.pool)).toHaveLength(1)
})

test('a failing database is complained of once a minute, and the alerter goes on when it is back', async ({ db }) => {
  const complaints: string[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => void complaints.push(line) })
  let away = true
  let reads = 0
  const journal = openJournal(db.pool)
  const alerter = createAlerter({
    pool: db.pool,
    journal: {
      ...journal,
      read: (filter) => {
        reads += 1
        return away ? Promise.reject(new Error('connection refused')) : journal.read(filter)
      },
    },
    clock: { now: () => Date.parse('2026-11-23T13:21:00Z'), sleep: (_ms, signal) => systemClock.sleep(20, signal) },
    log,
  })
  const story = changeStory(db)
  await story.exposed(0)
  await story.undone(30, 31, { cause: 'person' })

  alerter.start()
  await expect.poll(() => reads, { timeout: 10_000 }).toBeGreaterThan(3)
  away = false
  await expect.poll(async () => (await readNotices(db.pool)).length, { timeout: 10_000 }).toBe(1)
  await alerter.stop()

  expect(complaints).toHaveLength(1)
})

test('wrong settings are refused at once, all of them', ({ db }) => {
  const build = () =>
    createAlerter({
      pool: db.pool,
      journal: openJournal(db.pool),
      settings: { timeZone: 'Lagos', normalForMs: -1 },
      clock: systemClock,
      log: pino({ level: 'silent' }),
    })

  expect(build).toThrow(
    expect.objectContaining({ code: 'SETTINGS_WRONG', message: expect.stringMatching(/timeZone[\s\S]*normalForMs/) }),
  )
})
