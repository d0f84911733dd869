import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '#harness'
import { drain } from '../drain.ts'
import { inFlight, type Service, startGateway, startService, until } from './testing/fixture.ts'
import { startLoad } from './testing/load.ts'
import { answerLoad, echoUpgrade } from './testing/loaded-service.ts'

const switches = 50

async function startRelease(name: string): Promise<Service> {
  const service = await startService(name, answerLoad)
  service.server.on('upgrade', echoUpgrade)
  return service
}

test('fifty releases follow one another under load, and no request fails', { timeout: 60_000 }, async () => {
  let live = await startRelease('release-0')
  const { gateway, port, unanswered } = await startGateway(() => ({ upstream: live.upstream }))
  const load = startLoad(port, { keepAlive: 6, newConnection: 2, upload: 2, stream: 2, upgrade: 2 })
  const ending: Promise<void>[] = []
  const end = async (old: Service): Promise<void> => {
    await until(() => inFlight(gateway)[old.upstream.release] === 0)
    await drain(old.server)
  }
  await wait(300)

  for (let n = 1; n <= switches; n += 1) {
    const old = live
    live = await startRelease(`release-${n}`)
    ending.push(end(old))
    await wait(120)
  }
  await load.stop()
  await Promise.all(ending)

  expect(load.failed).toEqual([])
  expect(unanswered).toEqual([])
  for (const kind of ['keepAlive', 'newConnection', 'upload', 'stream', 'upgrade'])
    expect(load.done[kind]).toBeGreaterThan(10)
  const { releases } = gateway.status()
  expect(releases.filter((one) => one.total > 0).length).toBeGreaterThan(40)
  await until(() => releases.every((one) => one.inFlight === 0) && gateway.status().upgraded === 0)
})

test('two releases side by side get what was drawn for each, and counts end at nothing', async () => {
  const [a, b] = [await startRelease('a'), await startRelease('b')]
  let n = 0
  const { gateway, port } = await startGateway(() => {
    n += 1
    return n % 10 === 0 ? { upstream: b.upstream, otherwise: a.upstream } : { upstream: a.upstream }
  })
  const load = startLoad(port, { keepAlive: 8, upload: 1, upgrade: 1, stream: 1 })
  await wait(2_000)
  await load.stop()

  expect(load.failed).toEqual([])
  await until(() => gateway.status().inFlight === 0 && gateway.status().upgraded === 0)
  const [forA = 0, forB = 0] = ['a', 'b'].map(
    (name) => gateway.status().releases.find((one) => one.release === name)?.total,
  )
  expect(forA + forB).toBe(n)
  expect(forB).toBe(Math.floor(n / 10))
})
