import { expect, onTestFinished, test } from '#harness'
import { openJournal, propose } from '../journal/index.ts'
import { createPerson } from './index.ts'
import { ask, openConsole, signIn } from './testing/open-console.ts'

test('before a tunable goes out nobody is promised that a few customers see it first', async ({ db }) => {
  await propose(openJournal(db.pool), {
    change: 'fee-to-150',
    actor: 'ama',
    kind: 'tunable',
    title: 'Fee: 150',
    plan: { tunable: 'fee', value: 150 },
    control: 'none',
    dependsOn: [],
    size: { unit: 'value', n: 1 },
  })
  const { url, server } = await openConsole(db.pool)
  onTestFinished(() => server.stop())
  const { token } = await createPerson(db.pool, 'Ama')
  const cookie = await signIn(url, token)
  await ask(url, '/api/status', cookie)

  const forecast = await ask(url, '/api/changes/fee-to-150/forecast', cookie)

  expect(await forecast.text()).toContain('Everyone meets it at once')
})
