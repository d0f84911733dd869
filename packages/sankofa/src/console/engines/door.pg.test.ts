import { request } from 'node:http'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { createMachine, createPerson, type EngineAnswer, type FlaggerAnswer, revokeMachine } from '../index.ts'
import { ask, openConsole, signIn } from '../testing/open-console.ts'
import { letOut, openHouse } from '../testing/seed-house.ts'

const path = '/v1/verdict?change=new-checkout'

async function openWithChange(db: TestDatabase, options: Parameters<typeof openConsole>[1] = {}) {
  const house = openHouse(db.pool, Date.now())
  await letOut(house, { id: 'new-checkout', title: 'New checkout', author: 'Kofi', stagesAgo: [0.2] })
  const opened = await openConsole(db.pool, options)
  onTestFinished(() => opened.server.stop())
  return { ...opened, token: (await createMachine(db.pool, 'argo')).token }
}

const asked = (url: string, token?: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url + path, { headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers } })

const recordsOf = async (db: TestDatabase): Promise<number> => {
  const found = await db.pool.query<{ n: bigint }>('select count(*) as n from sankofa.journal as journal')
  return Number(found.rows[0]?.n)
}

/** `fetch` does not let anybody choose the Host. */
const asHost = (url: string, host: string, headers: Record<string, string>) =>
  new Promise<{ readonly status: number | undefined; readonly body: string }>((resolve, reject) => {
    request(url + path, { headers: { host, ...headers } }, (answer) => {
      let body = ''
      answer.on('data', (part) => (body += String(part))).on('end', () => resolve({ status: answer.statusCode, body }))
    })
      .on('error', reject)
      .end()
  })

test('a machine with its token is told the verdict, with the evidence', async ({ db }) => {
  const { url, token } = await openWithChange(db)

  const answer = await asked(url, token)

  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await answer.json()).toEqual({
    verdict: 'wait',
    culprit: null,
    reason: expect.stringMatching(
      /^Not enough data yet\. Watched at 2\s%\. Next stage in about .* if it does no harm\.$/,
    ),
    change: { id: 'new-checkout', kind: 'flag', state: 'exposed', stage: 1, stages: 4, share: 0.02, held: false },
    evidence: null,
    hash: null,
    at: expect.any(String),
  })
})

test('whoever is not right gets JSON with the verdict “wait”, whatever is wrong', async ({ db }) => {
  const { url, token } = await openWithChange(db)
  const headers = { authorization: `Bearer ${token}` }
  const get = (address: string, more: Record<string, string> = {}) =>
    fetch(url + address, { headers: { ...headers, ...more } })

  const answers = {
    '401 none': await asked(url),
    '401 wrong': await asked(url, 'wrong'),
    '401 basic': await asked(url, undefined, { authorization: 'Basic Og==' }),
    '400 no change': await get('/v1/verdict'),
    '400 two changes': await get(`${path}&change=other`),
    '400 hash': await get(`${path}&hash=%3Cscript%3E`),
    '422 name': await get('/v1/verdict?change=New%20Checkout'),
    '404 change': await get('/v1/verdict?change=nobody'),
    '404 path': await get('/v1/nothing'),
    '404 method': await fetch(`${url}/v1/verdict`, { method: 'PUT', headers }),
    '403 origin': await get(path, { origin: 'https://evil.example' }),
    '403 site': await get(path, { 'sec-fetch-site': 'cross-site' }),
  }

  for (const [name, answer] of Object.entries(answers)) {
    expect([name, `${answer.status} ${name.slice(4)}`]).toEqual([name, name])
    expect([name, await answer.json()]).toMatchObject([name, { verdict: 'wait', culprit: null, evidence: null }])
  }
})

test('a name that was re-pointed at this console is refused, with JSON', async ({ db }) => {
  const { url, token } = await openWithChange(db)

  const answer = await asHost(url, 'evil.example', { authorization: `Bearer ${token}` })

  expect(answer.status).toBe(403)
  expect(JSON.parse(answer.body)).toMatchObject({ verdict: 'wait', error: 'CONSOLE_FOREIGN' })
})

test('the token of a machine opens no console, and that of a person or their session tells no verdict', async ({
  db,
}) => {
  const { url, token } = await openWithChange(db)
  const person = await createPerson(db.pool, 'Ama')

  expect(await signIn(url, token)).toBe('')
  expect((await ask(url, '/api/session', '', { method: 'POST', body: { token } })).status).toBe(401)
  const bearer = { authorization: `Bearer ${token}` }
  expect(
    (await ask(url, '/api/changes/new-checkout/back', '', { method: 'POST', body: {}, headers: bearer })).status,
  ).toBe(401)
  expect((await asked(url, person.token)).status).toBe(401)
  expect((await asked(url, undefined, { cookie: await signIn(url, person.token) })).status).toBe(401)
})

test('a revoked machine is out at once, its name may come back with another token', async ({ db }) => {
  const { url, token } = await openWithChange(db)
  expect((await asked(url, token)).status).toBe(200)

  expect(await revokeMachine(db.pool, 'argo')).toBe(true)
  expect(await revokeMachine(db.pool, 'argo')).toBe(false)
  const { token: newToken } =
    (await asked(url, token)).status === 401 ? await createMachine(db.pool, 'argo') : { token }

  expect((await asked(url, token)).status).toBe(401)
  expect((await asked(url, newToken)).status).toBe(200)
  await expect(createMachine(db.pool, '')).rejects.toMatchObject({ code: 'MACHINE_NAME_WRONG' })
})

test('only the hash of a token is kept, and no log has it', async ({ db }) => {
  const { url, token, logged } = await openWithChange(db)
  const wrong = 'a-token-that-is-wrong'
  await asked(url, token)
  await asked(url, wrong)

  const kept = await db.pool.query<{ rows: string }>(
    'select json_agg(machine)::text as rows from sankofa.machine as machine',
  )

  expect(kept.rows[0]?.rows).toContain('argo')
  for (const place of [kept.rows[0]?.rows ?? '', logged.join('\n')]) {
    expect(place).not.toContain(token)
    expect(place).not.toContain(wrong)
  }
  expect(logged.join('\n')).toContain('a token of a deployment engine was wrong')
})

test('ten wrong tokens make the next wait, but never one that was right before', async ({ db }) => {
  const { url, token } = await openWithChange(db)
  const other = await createMachine(db.pool, 'flagger')
  await asked(url, token)

  for (let n = 0; n < 10; n += 1) expect((await asked(url, `wrong-${n}`)).status).toBe(401)

  const late = await asked(url, other.token)
  expect([late.status, ((await late.json()) as EngineAnswer).verdict]).toEqual([429, 'wait'])
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(50)
  expect((await asked(url, token)).status).toBe(200)
})

test('without a token only where the setting says so, from this machine itself', async ({ db }) => {
  const { url } = await openWithChange(db, { verdictWithoutToken: true, hosts: ['console.example.com'] })

  expect((await asked(url)).status).toBe(200)
  expect((await asked(url, 'wrong')).status).toBe(401)
  expect((await asked(url, undefined, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(401)
  expect((await asked(url, undefined, { forwarded: 'for=203.0.113.9' })).status).toBe(401)
  expect((await asHost(url, 'console.example.com', {})).status).toBe(401)
})

test('the setting for no token is refused where others could reach it', async ({ db }) => {
  await expect(openConsole(db.pool, { verdictWithoutToken: true, host: '0.0.0.0' })).rejects.toMatchObject({
    code: 'SETTINGS_WRONG',
  })
})

test('every hook of Flagger answers JSON, needs the token, and a “no” is never a fault of the line', async ({ db }) => {
  const { url, token } = await openWithChange(db)
  const call = (hook: string, metadata: unknown, body: object = {}) =>
    fetch(`${url}/v1/flagger/${hook}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'checkout',
        namespace: 'shop',
        phase: 'Progressing',
        checksum: 'c',
        metadata,
        ...body,
      }),
    })
  const status = async (hook: string): Promise<readonly [string, number]> => [
    hook,
    (await call(hook, { change: 'new-checkout', token })).status,
  ]
  const before = await recordsOf(db)
  const hooks = ['confirm-rollout', 'pre-rollout', 'rollout', 'confirm-traffic-increase', 'confirm-promotion']

  expect(await Promise.all([...hooks, 'post-rollout', 'rollback', 'event'].map(status))).toEqual([
    ['confirm-rollout', 200],
    ['pre-rollout', 200],
    ['rollout', 200],
    ['confirm-traffic-increase', 403],
    ['confirm-promotion', 403],
    ['post-rollout', 200],
    ['rollback', 403],
    ['event', 200],
  ])
  const no = await (await call('confirm-traffic-increase', { change: 'new-checkout', token })).json()
  expect(no).toMatchObject({ answer: 'no', verdict: 'wait', reason: expect.stringMatching(/^Not enough data yet\./) })
  for (const hook of [...hooks, 'rollback', 'event']) {
    expect([hook, (await call(hook, { change: 'new-checkout', token: 'no' })).status]).toEqual([hook, 401])
    expect([hook, (await call(hook, undefined)).status]).toEqual([hook, 401])
  }
  expect((await call('event', { token, eventMessage: 'New revision detected!', eventType: 'Normal' })).status).toBe(200)
  expect((await call('rollout', { token })).status).toBe(400)
  expect((await call('rollout', { change: 'nobody', token })).status).toBe(403)
  expect((await call('rollback', { change: 'nobody', token })).status).toBe(403)
  const unknown = await call('confirm-everything', { change: 'new-checkout', token })
  expect([unknown.status, ((await unknown.json()) as FlaggerAnswer).answer]).toEqual([404, 'no'])
  expect(await recordsOf(db)).toBe(before)
})
