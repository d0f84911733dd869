import { request } from 'node:http'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { createPerson, revokePerson } from './index.ts'
import { ask, openConsole, signIn } from './testing/open-console.ts'
import { letOut, openHouse } from './testing/seed-house.ts'

type Opened = Awaited<ReturnType<typeof openConsole>> & { readonly token: string; readonly cookie: string }

/** A console with one change out and Ama signed in. */
async function openWithAma(db: TestDatabase, options: Parameters<typeof openConsole>[1] = {}): Promise<Opened> {
  await letOut(openHouse(db.pool, Date.now()), {
    id: 'new-checkout',
    title: 'New checkout',
    author: 'Kofi',
    stagesAgo: [1],
  })
  const opened = await openConsole(db.pool, options)
  onTestFinished(() => opened.server.stop())
  const { token } = await createPerson(db.pool, 'Ama')
  return { ...opened, token, cookie: await signIn(opened.url, token) }
}

const backRecords = async (db: TestDatabase): Promise<number> => {
  const found = await db.pool.query<{ n: bigint }>(
    `select count(*) as n from sankofa.journal as journal where journal.type = 'back-requested'`,
  )
  return Number(found.rows[0]?.n)
}

/** `fetch` does not let anybody choose the Host. */
const statusForHost = (url: string, path: string, host: string, cookie: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(`${url}${path}`, { headers: { host, cookie } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })

test('a link is exchanged for a strict, script-proof cookie and leaves the address bar', async ({ db }) => {
  const { url, token } = await openWithAma(db)

  const answer = await fetch(`${url}/?token=${token}`, { redirect: 'manual' })

  expect(answer.status).toBe(303)
  expect(answer.headers.get('location')).toBe('/')
  expect(answer.headers.get('set-cookie')).toMatch(
    /^sankofa_console_\d+=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/,
  )
})

test('neither token nor session is kept or logged, only their hashes', async ({ db }) => {
  const { url, token, cookie, logged } = await openWithAma(db)
  await ask(url, '/api/me', cookie)

  const kept = await db.pool.query<{ everything: string }>(
    `select (select json_agg(person) from sankofa.person as person)::text
         || (select json_agg(session) from sankofa.session as session)::text as everything`,
  )

  const session = cookie.split('=')[1] ?? ''
  expect(session).toHaveLength(43)
  for (const place of [kept.rows[0]?.everything ?? '', logged.join('\n')]) {
    expect(place).toContain('Ama')
    expect(place).not.toContain(token)
    expect(place).not.toContain(session)
  }
})

test('a foreign page cannot use up the tries of a token, and a link in a message still works', async ({ db }) => {
  const { url, token } = await openWithAma(db)
  const from = (dest: string) => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': dest })
  const open = (query: string, headers: Record<string, string>) =>
    fetch(`${url}/?token=${query}`, { headers, redirect: 'manual' })

  const planted = await Promise.all(
    Array.from({ length: 12 }, (_, n) => open(`wrong-${n}`, from(n % 2 === 0 ? 'image' : 'iframe'))),
  )
  const clicked = await open(token, from('document'))

  expect(new Set(planted.map((answer) => answer.status))).toEqual(new Set([403]))
  expect(clicked.headers.get('set-cookie')).toContain('sankofa_console_')
})

test('a name that was re-pointed at this machine is refused, on every path', async ({ db }) => {
  const { url, cookie } = await openWithAma(db)
  const { port } = new URL(url)

  for (const path of ['/', '/api/status', '/api/stream', '/assets/x.js']) {
    expect(await statusForHost(url, path, `evil.example:${port}`, cookie)).toBe(403)
    expect(await statusForHost(url, path, '127.0.0.1:1', cookie)).toBe(403)
  }
  expect(await statusForHost(url, '/api/status', `localhost:${port}`, cookie)).toBe(200)
})

test('nothing is told and nothing is done without a session', async ({ db }) => {
  const { url } = await openWithAma(db)
  const paths = [
    '/api/me',
    '/api/status',
    '/api/signals',
    '/api/stream',
    '/api/changes/new-checkout',
    '/api/changes/new-checkout/forecast',
  ]

  for (const path of paths) expect([path, (await ask(url, path, '')).status]).toEqual([path, 401])
  for (const act of ['go', 'hold', 'back']) {
    const answer = await ask(url, `/api/changes/new-checkout/${act}`, '', { method: 'POST', body: {} })
    expect(answer.status).toBe(401)
  }
  expect(await backRecords(db)).toBe(0)
})

test('a foreign page cannot take a change back, whatever it sends along', async ({ db }) => {
  const { url, cookie } = await openWithAma(db)
  const path = '/api/changes/new-checkout/back'
  const origins: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:4500' },
    { origin: 'null' },
    { origin: '' },
  ]

  for (const headers of origins) {
    expect((await ask(url, path, cookie, { method: 'POST', body: {}, headers })).status).toBe(403)
  }
  const withoutOrigin = await fetch(url + path, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(withoutOrigin.status).toBe(403)
  const form = await fetch(url + path, {
    method: 'POST',
    headers: { cookie, origin: url, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'reason=x',
  })
  expect(form.status).toBe(415)
  const plainText = await fetch(url + path, {
    method: 'POST',
    headers: { cookie, origin: url, 'content-type': 'text/plain' },
    body: '{}',
  })
  expect(plainText.status).toBe(415)
  expect(await backRecords(db)).toBe(0)

  // The same request as the page itself sends it goes through: what was refused above was refused for its origin.
  expect((await ask(url, path, cookie, { method: 'POST', body: {} })).status).toBe(202)
  expect(await backRecords(db)).toBe(1)
})

test('a foreign page cannot read either', async ({ db }) => {
  const { url, cookie } = await openWithAma(db)

  expect((await ask(url, '/api/status', cookie, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  expect((await ask(url, '/api/status', cookie, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  const answer = await ask(url, '/api/status', cookie)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
})

test('every answer forbids what is inline, foreign or framed', async ({ db }) => {
  const { url, cookie } = await openWithAma(db)

  for (const path of ['/', '/api/status', '/api/me?wrong', '/nowhere', '/assets/none.js', '/api/changes/none']) {
    const { headers } = await ask(url, path, cookie)
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  }
})

test('whoever is revoked is out at once, with the cookie they still hold', async ({ db }) => {
  const { url, cookie, token } = await openWithAma(db)
  expect((await ask(url, '/api/status', cookie)).status).toBe(200)

  expect(await revokePerson(db.pool, 'Ama')).toBe(true)

  expect((await ask(url, '/api/status', cookie)).status).toBe(401)
  expect((await ask(url, '/api/changes/new-checkout/back', cookie, { method: 'POST', body: {} })).status).toBe(401)
  expect(await signIn(url, token)).toBe('')
  expect(await backRecords(db)).toBe(0)
})

test('whoever was revoked and comes back gets in with the new token only', async ({ db }) => {
  const { url, cookie, token } = await openWithAma(db)
  await revokePerson(db.pool, 'Ama')

  const { token: newToken } = await createPerson(db.pool, 'Ama')

  expect((await ask(url, '/api/status', cookie)).status).toBe(401)
  expect(await signIn(url, token)).toBe('')
  expect((await ask(url, '/api/me', await signIn(url, newToken))).status).toBe(200)
})

test('a person who was revoked in the table alone is out too', async ({ db }) => {
  const { url, cookie } = await openWithAma(db)

  await db.pool.query('update sankofa.person set revoked_at = clock_timestamp()')

  expect((await ask(url, '/api/status', cookie)).status).toBe(401)
})

test('whoever is revoked hears nothing more on the stream that they hold open', async ({ db }) => {
  const { url, cookie } = await openWithAma(db)
  const answer = await ask(url, '/api/stream', cookie)
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  while (!(await reader?.read())?.value?.includes('event: status'));

  await revokePerson(db.pool, 'Ama')
  const { cookie: kofisCookie } = { cookie: await signIn(url, (await createPerson(db.pool, 'Kofi')).token) }
  await ask(url, '/api/changes/new-checkout/back', kofisCookie, { method: 'POST', body: {} })

  let heard = ''
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read())
    heard += part.value
  expect(heard).not.toContain('Kofi')
})

test('signing out ends the session for whoever copied the cookie', async ({ db }) => {
  const { url, cookie } = await openWithAma(db)

  expect((await ask(url, '/api/session', cookie, { method: 'DELETE' })).status).toBe(204)

  expect((await ask(url, '/api/me', cookie)).status).toBe(401)
})

test('after ten wrong tokens even the right one has to wait, and only for a while', async ({ db }) => {
  let nowMs = Date.now()
  const clock = { now: () => nowMs, sleep: async () => {} }
  const { url, token } = await openWithAma(db, { clock })
  const paste = (text: string): Promise<Response> =>
    ask(url, '/api/session', '', { method: 'POST', body: { token: text } })

  for (let i = 0; i < 10; i += 1) expect((await paste(`wrong-${i}`)).status).toBe(401)
  const tooMany = await paste(token)
  expect(tooMany.status).toBe(429)
  expect(Number(tooMany.headers.get('retry-after'))).toBeGreaterThan(50)

  nowMs += 61_000
  expect((await paste(token)).status).toBe(200)
})

test('names that could confuse a journal are refused', async ({ db }) => {
  await expect(createPerson(db.pool, 'Ama\nKofi')).rejects.toMatchObject({ code: 'PERSON_NAME_WRONG' })
  await expect(createPerson(db.pool, '')).rejects.toMatchObject({ code: 'PERSON_NAME_WRONG' })
})
