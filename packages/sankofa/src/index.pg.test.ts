import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { afterAll, expect, test } from '#harness'
import { sankofaFastify } from './fastify.ts'
import { defineFlag, sankofa } from './index.ts'
import { createLog } from './observe/index.ts'
import { decodeSubjects } from './observe/subject-codec.ts'

const directory = mkdtempSync(join(tmpdir(), 'sankofa-root-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const flag = defineFlag({ id: 'new-checkout', title: 'New checkout', owner: 'ama', expires: '2099-01-01' })

test('what a customer gets, what is counted and what an event says are the same arm', async ({ db }) => {
  await db.pool.query(
    `insert into sankofa.flag (flag, change_id, go_id, salt, stage, share) values ('new-checkout', 'new-checkout', 7, 'salt', 1, 0.5)`,
  )
  await db.pool.query(`insert into sankofa.watch (go_id, change_id, guards) values (7, 'new-checkout', $1)`, [
    JSON.stringify([{ id: 'errors', measure: 'errors', weight: 0.2 }]),
  ])
  const logFile = join(directory, 'service.log')
  const toolkit = sankofa({
    service: 'shop',
    databaseUrl: db.url,
    directory,
    secret: 'a secret for tests, long enough here',
    release: 'r1',
    flags: [flag],
    log: createLog({ service: 'shop', release: 'r1', destination: logFile }),
  })
  const app = Fastify()
  await app.register(sankofaFastify, { sankofa: toolkit, subject: (request) => String(request.headers['x-user']) })
  const pool = toolkit.pool({ max: 2 })
  app.post('/checkout', async (request, reply) => {
    const isNew = toolkit.isOn(flag)
    await toolkit.events.record(pool as never, {
      type: 'checkout.attempted',
      subject: String(request.headers['x-user']),
      actor: 'test',
    })
    return reply.code(isNew ? 500 : 200).send({ isNew })
  })
  await toolkit.start()

  const arms = new Map<string, boolean>()
  for (let index = 0; index < 40; index += 1) {
    const user = `customer-${index}`
    const reply = await app.inject({ method: 'POST', url: '/checkout', headers: { 'x-user': user } })
    arms.set(toolkit.flagClient.subjectKey(user), reply.json().isNew)
  }
  await app.close()
  await toolkit.stop()
  await pool.end()

  const windows = await db.pool.query<{ subjects: Buffer }>(
    'select part.subjects from sankofa.subject_window as part order by part.window_start',
  )
  const subjects = windows.rows.flatMap((row) => decodeSubjects(row.subjects))
  const judged = new Map(subjects.map((each) => [each.subject, each]))
  expect(judged.size).toBe(40)
  for (const [key, isNew] of arms) expect(judged.get(key)).toMatchObject({ exposed: isNew, failed: isNew ? 1 : 0 })
  expect(new Set(arms.values()).size).toBe(2)
  const events = await db.pool.query<{ subject: string; exposed_to: string[]; request_id: string }>(
    'select event.subject, event.exposed_to, event.request_id from sankofa.event as event',
  )
  expect(events.rows).toHaveLength(40)
  for (const event of events.rows)
    expect(event.exposed_to).toEqual(arms.get(event.subject) === true ? ['new-checkout'] : [])
  const log = readFileSync(logFile, 'utf8')
  const line = JSON.parse(log.split('\n').find((each) => each.includes('"request failed"')) ?? '{}')
  expect(line).toMatchObject({
    route: 'POST /checkout',
    status: 500,
    release: 'r1',
    requestId: expect.any(String),
    ms: expect.any(Number),
    subject: expect.stringMatching(/^[0-9a-f]{16}$/),
  })
  expect(log).not.toContain('customer-')
})

test('without PostgreSQL the service starts within seconds, answers, and stops', async () => {
  const log = createLog({ service: 'shop', release: 'r1', level: 'silent' })
  const toolkit = sankofa({
    service: 'shop',
    databaseUrl: 'postgres://nobody@127.0.0.1:9/nothing',
    directory: join(directory, 'away'),
    secret: 'a secret for tests, long enough here',
    release: 'r1',
    flags: [flag],
    log,
  })
  const app = Fastify()
  await app.register(sankofaFastify, { sankofa: toolkit })
  app.get('/', () => ({ isNew: toolkit.isOn(flag) }))

  await toolkit.start()
  const reply = await app.inject('/')
  await app.close()
  await toolkit.stop()

  expect(reply.json()).toEqual({ isNew: false })
}, 15_000)

test('a secret that is missing or too short is refused at once, for with it nobody would be known', () => {
  const given = {
    service: 'shop',
    databaseUrl: 'postgres://nobody@127.0.0.1:9/nothing',
    directory,
    secret: 'too short',
  }

  expect(() => sankofa(given)).toThrow(/secret: found 9 characters, expected 32 or more/)
  expect(() => sankofa({ ...given, secret: undefined as unknown as string })).toThrow(/secret: found undefined/)
  expect(() => sankofa({ ...given, secret: 'x'.repeat(32), directory: undefined as unknown as string })).toThrow(
    /directory: found undefined/,
  )
})
