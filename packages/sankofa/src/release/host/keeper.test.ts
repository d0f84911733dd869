import { expect, test } from '#harness'
import type { InstanceReport } from './keeper.ts'
import { testHost } from './testing/host-fixture.ts'
import { makeToyRelease } from './testing/toy-release.ts'

const serve = (release: ReturnType<typeof makeToyRelease>) => ({ release, purpose: 'serve' }) as const
const states = (reports: readonly InstanceReport[]) =>
  Object.fromEntries(reports.map((each) => [`${each.purpose} ${each.release}`, each.state]))

test('a wanted release is started, checked, reported and told to the gateway; unwanted, it is withdrawn and ended', async () => {
  const host = testHost()
  const a = makeToyRelease(host.layout, 'a', { child: true }, { environment: { COLOUR: 'green' } })
  const keeper = host.keeper()
  await keeper.start()

  keeper.want([serve(a)])
  await expect.poll(() => states(keeper.reports())).toEqual({ 'serve a': 'ready' })
  const [report] = keeper.reports()
  await expect.poll(() => host.told.at(-1)).toEqual(['a'])

  expect(report).toMatchObject({
    restarts: 0,
    checks: [
      { path: '/health', status: 200 },
      { path: '/', status: 200 },
    ],
  })
  expect(report?.startedInMs).toBeGreaterThan(0)
  const environment = (await (await fetch(`${report?.origin}/env`)).json()) as Record<string, string>
  expect(environment).toMatchObject({
    SANKOFA_RELEASE: 'a',
    HOST: '127.0.0.1',
    COLOUR: 'green',
    cwd: host.layout.release(a),
    SANKOFA_SHARED: host.layout.shared,
  })
  expect(host.tagged()).toHaveLength(2)

  keeper.want([])
  await expect.poll(() => states(keeper.reports())).toEqual({ 'serve a': 'stopped' })
  expect(host.told.at(-1)).toEqual([])
  expect(host.tagged()).toEqual([])
})
