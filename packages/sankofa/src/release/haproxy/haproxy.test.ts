import { setTimeout as wait } from 'node:timers/promises'
import { fastifyCookie } from '@fastify/cookie'
import { expect, test } from '#harness'
import { createSubjectKey } from '../../flags/index.ts'
import { unitInterval } from '../../judge/index.ts'
import { readSubject, readVisitor } from '../../observe/index.ts'
import { type Service, secret, startService, until } from '../gateway/testing/fixture.ts'
import { startLoad } from '../gateway/testing/load.ts'
import { answerLoad, echoUpgrade } from '../gateway/testing/loaded-service.ts'
import { RawClient } from '../gateway/testing/raw-client.ts'
import { hasHaproxy, startHaproxy } from './testing/start-haproxy.ts'

const subjectKey = createSubjectKey(secret)
const signed = (key: string): string => fastifyCookie.sign(key, secret)

async function startRelease(name: string): Promise<Service & { readonly lastMs: () => number }> {
  let lastMs = 0
  const service = await startService(name, (request, response) => {
    lastMs = performance.now()
    response.setHeader('x-release', name)
    if (request.url === '/') response.end(JSON.stringify(request.headers))
    else answerLoad(request, response)
  })
  service.server.on('upgrade', echoUpgrade)
  return { ...service, lastMs: () => lastMs }
}

const releaseOf = (answer: { headers: Readonly<Record<string, readonly string[]>> }): string | undefined =>
  answer.headers['x-release']?.[0]

test.skipIf(!hasHaproxy)(
  'each of 2,000 keys gets the release that Sankofa draws for it',
  { timeout: 60_000 },
  async () => {
    const [a, b] = [await startRelease('a'), await startRelease('b')]
    const { port, driver } = await startHaproxy({ keyFrom: [{ cookie: 'session' }] })
    const client = new RawClient(port)
    for (const [share, salt] of [
      [0.1, 'cafe01'],
      [0.5, 'a salt: of "words"; and signs'],
    ] as const) {
      await driver.apply({ upstreams: [a.upstream, b.upstream], current: 'a', split: { release: 'b', share, salt } })
      let exposed = 0
      const wrong: string[] = []
      for (let n = 0; n < 2_000; n += 1) {
        const key = `visitor-${n}`
        const expected = unitInterval(salt, subjectKey(key)) < share ? 'b' : 'a'
        const got = releaseOf(await client.get('/', `Cookie: theme=dark; sankofa_s=${signed(key)}\r\n`))
        if (got !== expected) wrong.push(`${key} got ${got}`)
        if (got === 'b') exposed += 1
      }
      expect(wrong).toEqual([])
      expect(Math.abs(exposed / 2_000 - share)).toBeLessThan(0.04)
    }
    client.close()
  },
)

test.skipIf(!hasHaproxy)('a service learns the key that was drawn for, and nobody outside can choose it', async () => {
  const [a, b] = [await startRelease('a'), await startRelease('b')]
  const { port, driver } = await startHaproxy({ keyFrom: [{ cookie: 'session' }] })
  const salt = 'salt'
  await driver.apply({ upstreams: [a.upstream, b.upstream], current: 'a', split: { release: 'b', share: 0.5, salt } })
  const client = new RawClient(port)
  const drawnFor = (body: string): string => readSubject(JSON.parse(body)['x-sankofa-subject'], secret) ?? 'nobody'
  for (const sent of ['', 'Cookie: sankofa_s=visitor-1.forged\r\n', 'Cookie: session=of-ama\r\n']) {
    const answer = await client.get(
      '/',
      `${sent}X-Sankofa-Subject: ${signed('visitor-mine')}\r\nx_sankofa_subject: x\r\n`,
    )
    const key = drawnFor(answer.body)
    expect(releaseOf(answer)).toBe(unitInterval(salt, subjectKey(key)) < 0.5 ? 'b' : 'a')
    expect(JSON.parse(answer.body)).not.toHaveProperty('x_sankofa_subject')
    const cookie = answer.headers['set-cookie']?.[0]
    if (sent.includes('session')) {
      expect(key).toMatch(/^key-[\w-]{24}$/)
      expect(cookie).toBeUndefined()
      continue
    }
    expect(key).toMatch(/^visitor-[0-9a-f]{32}$/)
    expect(readVisitor(cookie, secret)).toBe(key)
    expect(readVisitor(JSON.parse(answer.body).cookie, secret)).toBe(key)
    const again = await client.get('/', `Cookie: ${cookie?.split(';')[0]}\r\n`)
    expect([drawnFor(again.body), again.headers['set-cookie']]).toEqual([key, undefined])
  }
  client.close()
})

test.skipIf(!hasHaproxy)(
  'who cannot reach the new release gets the current one; wrong routes change nothing',
  async () => {
    const [a, b] = [await startRelease('a'), await startRelease('b')]
    const { port, driver } = await startHaproxy()
    const client = new RawClient(port)
    expect((await client.get('/')).status).toBe(503)
    const routes = { upstreams: [a.upstream, b.upstream], current: 'a', split: { release: 'b', share: 1, salt: 's' } }
    await driver.apply(routes)
    await driver.apply(routes)
    expect(releaseOf(await client.get('/'))).toBe('b')

    await expect(driver.apply({ ...routes, current: 'c' })).rejects.toThrow('c is to be current')
    await expect(driver.drain('b')).rejects.toThrow('b gets requests')
    expect(releaseOf(await client.get('/'))).toBe('b')
    await b.stop()
    expect(releaseOf(await client.post('/upload', 'body'))).toBe('a')
    client.close()
  },
)

test.skipIf(!hasHaproxy)(
  'fifty switches under strict load: no request fails, and nobody gets what was taken back',
  { timeout: 90_000 },
  async () => {
    const a = await startRelease('a')
    const { port, driver } = await startHaproxy()
    await driver.apply({ upstreams: [a.upstream], current: 'a' })
    const load = startLoad(port, { keepAlive: 6, newConnection: 4, upload: 2, stream: 2, upgrade: 2 })
    const backMs: number[] = []
    const ended: boolean[] = []
    for (let n = 0; n < 50; n += 1) {
      const name = `next-${n}`
      const next = await startRelease(name)
      const split = { release: name, share: 0.5, salt: name }
      await driver.apply({ upstreams: [a.upstream, next.upstream], current: 'a', split })
      await until(() => next.lastMs() > 0)
      await wait(100)
      const askedMs = performance.now()
      await driver.apply({ upstreams: [a.upstream], current: 'a' })
      ended.push(await driver.drain(name))
      await next.stop()
      await wait(50)
      backMs.push(Math.max(0, next.lastMs() - askedMs))
    }
    await load.stop()

    expect(load.failed).toEqual([])
    expect(ended).toEqual(ended.map(() => true))
    expect(Math.max(...backMs)).toBeLessThan(1_000)
    for (const kind of ['keepAlive', 'newConnection', 'upload', 'stream', 'upgrade'])
      expect(load.done[kind]).toBeGreaterThan(10)
    expect(await driver.status()).toEqual([{ release: 'a', inFlight: 0 }])
  },
)
