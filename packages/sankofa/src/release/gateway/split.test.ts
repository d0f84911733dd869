import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { Pool } from 'undici'
import { expect, onTestFinished, test } from '#harness'
import { createSubjectKey } from '../../flags/index.ts'
import { unitInterval } from '../../judge/index.ts'
import { createGateway } from './gateway.ts'
import type { KeySource } from './subject.ts'

const secret = 'a secret of thirty-two characters'
const subjectKey = createSubjectKey(secret)

async function serve(name: string): Promise<{ readonly release: string; readonly origin: string }> {
  const server: Server = createServer((_request, response) => response.end(name))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { release: name, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A gateway before two releases; `share` of the keys get the new one, drawn as the toolkit draws. */
async function openSplit(share: { now: number }, keyFrom: readonly KeySource[] = []) {
  const [old, next] = [await serve('old'), await serve('new')]
  const gateway = createGateway({
    listen: { host: '127.0.0.1', port: 0 },
    secret,
    keyFrom,
    target: (key) =>
      unitInterval('a salt of one go', subjectKey(key)) < share.now
        ? { upstream: next, otherwise: old }
        : { upstream: old },
    log: pino({ level: 'silent' }),
  })
  const { port } = await gateway.start()
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 16 })
  onTestFinished(async () => {
    await pool.destroy()
    await gateway.stop({ graceMs: 0, withinMs: 500 })
  })
  return async (
    headers: Readonly<Record<string, string>>,
  ): Promise<{ release: string; cookie: string | undefined }> => {
    const { body, headers: answered } = await pool.request({ path: '/', method: 'GET', headers })
    const given = [answered['set-cookie'] ?? []].flat()[0]
    return { release: await body.text(), cookie: given?.split(';')[0] }
  }
}

async function inTurns<T>(n: number, work: (index: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let index = next++; index < n; index = next++) results[index] = await work(index)
    }),
  )
  return results
}

/** What a binomial leaves once in some 15,000 tries. */
const isWithin = (found: number, n: number, share: number): boolean =>
  Math.abs(found - n * share) < 4 * Math.sqrt(n * share * (1 - share))

test('of 20,000 requests of newcomers 1 %, 10 % and 50 % get the new release', async () => {
  const share = { now: 0 }
  const ask = await openSplit(share)
  for (const now of [0.01, 0.1, 0.5]) {
    share.now = now

    const answers = await inTurns(20_000, () => ask({}))

    const found = answers.filter(({ release }) => release === 'new').length
    expect({ now, found, isWithin: isWithin(found, 20_000, now) }).toEqual({ now, found, isWithin: true })
  }
}, 120_000)

test('who was drawn stays with it at every request, and as the share grows', async () => {
  const share = { now: 0.1 }
  const ask = await openSplit(share)
  const first = await inTurns(1_000, () => ask({}))
  const cookies = first.map(({ cookie }) => cookie ?? '')

  const again = await inTurns(4_000, (index) => ask({ cookie: cookies[index % 1_000] ?? '' }))
  share.now = 0.5
  const grown = await inTurns(1_000, (index) => ask({ cookie: cookies[index] ?? '' }))

  expect(again.filter(({ release }, index) => release !== first[index % 1_000]?.release)).toEqual([])
  expect(grown.filter(({ release }, index) => first[index]?.release === 'new' && release !== 'new')).toEqual([])
}, 60_000)

test('users whose ids are 1 to 1,000 are drawn as evenly as others', async () => {
  const share = { now: 0.1 }
  const ask = await openSplit(share, [{ header: 'x-user' }])

  for (const now of [0.01, 0.1, 0.5]) {
    share.now = now
    const answers = await inTurns(1_000, (index) => ask({ 'x-user': `${index + 1}` }))
    const found = answers.filter(({ release }) => release === 'new').length
    expect({ now, found, isWithin: isWithin(found, 1_000, now) }).toEqual({ now, found, isWithin: true })
  }
}, 60_000)
