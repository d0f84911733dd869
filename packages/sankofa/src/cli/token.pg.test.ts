import { pino } from 'pino'
import { expect, onTestFinished, test } from '#harness'
import { createConsoleServer } from '../console/index.ts'
import { openJournal } from '../journal/index.ts'
import { sankofa } from './testing/project.ts'
import { emptyFolder, write } from './testing/service-project.ts'

test('a machine gets a token that opens the verdict, once, and loses it', async ({ db }) => {
  const folder = emptyFolder()
  write(folder, { 'sankofa.config.js': `export const config = { service: 'hello' }\n` })
  const log = pino({ level: 'silent' })
  const server = createConsoleServer({ pool: db.pool, journal: openJournal(db.pool), port: 0, log })
  const { url } = await server.start()
  onTestFinished(() => server.stop())
  const ask = async (token: string): Promise<number> =>
    (await fetch(`${url}/v1/verdict?change=nobody`, { headers: { authorization: `Bearer ${token}` } })).status

  const made = await sankofa(folder, db.url, 'token', 'argo-production')
  const token = made.out.trim()
  const known = await ask(token)
  const revoked = await sankofa(folder, db.url, 'token', 'argo-production', '--revoke')
  const unknown = await ask(token)
  const twice = await sankofa(folder, db.url, 'token', 'argo-production', '--revoke', '--json')
  const wrong = await sankofa(folder, db.url, 'token', '???')

  expect([made.code, revoked.code, twice.code, wrong.code]).toEqual([0, 0, 1, 1])
  expect(made.err).toContain('It is shown once')
  expect(token).toMatch(/^[\w-]{43}$/)
  expect([known, unknown]).toEqual([404, 401])
  expect(JSON.parse(twice.out)).toEqual({ machine: 'argo-production', revoked: false })
}, 60_000)
