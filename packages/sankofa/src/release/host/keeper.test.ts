import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from '#harness'
import { type Clock, systemClock } from '../../core/index.ts'
import type { InstanceReport, Keeper } from './keeper.ts'
import { systemProcesses } from './process-identity.ts'
import { becomes } from './testing/becomes.ts'
import { testHost } from './testing/host-fixture.ts'
import { makeToyRelease } from './testing/toy-release.ts'

const serve = (release: ReturnType<typeof makeToyRelease>) => ({ release, purpose: 'serve' }) as const
const rehearse = (release: ReturnType<typeof makeToyRelease>) => ({ release, purpose: 'rehearse' }) as const
const states = (keeper: Keeper) =>
  Object.fromEntries(keeper.reports().map((each) => [`${each.purpose} ${each.release}`, each.state]))
function reportOf(keeper: Keeper, index = 0): InstanceReport {
  const report = keeper.reports()[index]
  if (report === undefined) throw new Error('no such report')
  return report
}
const pidOf = (keeper: Keeper): number => reportOf(keeper).pid ?? 0

/** As fast as `speed` real clocks. */
function quickClock(speed: number): Clock {
  const begun = Date.now()
  return {
    now: () => begun + (Date.now() - begun) * speed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  }
}

describe('what is wanted', () => {
  test('a release is started, checked, reported and told to the gateway; unwanted, it is withdrawn and ended', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a', { child: true }, { environment: { COLOUR: 'green' } })
    const keeper = host.keeper({ environment: { COLOUR: 'red', DATABASE_URL: 'postgres://nowhere' } })
    const heard = vi.fn()
    keeper.onChange(heard)
    await keeper.start()

    keeper.want([serve(a)])
    await becomes(() => states(keeper), { 'serve a': 'ready' })
    await becomes(() => host.told.at(-1), ['a'])

    const report = reportOf(keeper)
    expect(report).toMatchObject({
      restarts: 0,
      checks: [
        { path: '/health', status: 200 },
        { path: '/', status: 200 },
      ],
    })
    expect(report.startedInMs).toBeGreaterThan(0)
    expect(report).not.toHaveProperty('error')
    expect(heard).toHaveBeenCalled()
    const environment = (await (await fetch(`${report.origin}/env`)).json()) as Record<string, string>
    expect(environment).toMatchObject({
      SANKOFA_RELEASE: 'a',
      SANKOFA_SHARED: host.layout.shared,
      HOST: '127.0.0.1',
      COLOUR: 'green',
      DATABASE_URL: 'postgres://nowhere',
      cwd: host.layout.release(a),
    })
    expect(readFileSync(join(host.layout.logs, 'a.log'), 'utf8')).toContain('toy a starts green')
    expect(host.tagged()).toHaveLength(2)

    keeper.want([])
    await becomes(() => states(keeper), { 'serve a': 'stopped' })
    expect(host.told.at(-1)).toEqual([])
    expect(host.tagged()).toEqual([])
  })

  test('the same again changes nothing; a rehearsal runs beside and is never told to the gateway', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a')
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a), rehearse(a)])
    await becomes(() => states(keeper), { 'serve a': 'ready', 'rehearse a': 'ready' })
    const pids = keeper.reports().map((each) => each.pid)

    keeper.want([rehearse(a), serve(a)])
    keeper.want([serve(a), rehearse(a)])
    await becomes(() => host.told.at(-1), ['a'])

    expect(keeper.reports().map((each) => each.pid)).toEqual(pids)
    expect(new Set(keeper.reports().map((each) => each.origin)).size).toBe(2)
    expect(host.told.every((releases) => releases.length <= 1)).toBe(true)
  })

  test('a release that is not on this host yet is missing, and is started when it arrives', async () => {
    const host = testHost(onTestFinished)
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([{ release: 'late' as ReturnType<typeof makeToyRelease>, purpose: 'serve' }])
    await becomes(() => states(keeper), { 'serve late': 'missing' })
    expect(reportOf(keeper).error).toContain('There is no release late')

    makeToyRelease(host.layout, 'late')

    await becomes(() => states(keeper), { 'serve late': 'ready' })
  })
})

describe('a release that does not get ready', () => {
  test('is reported with its last words, and tried again after 1, 2, 4 … 30 s', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(
      host.layout,
      'a',
      { failsWith: `${'x'.repeat(3_000)} no such table` },
      { readyWithinMs: 9e6 },
    )
    const waits: number[] = []
    const log = pino({ level: 'warn' }, { write: (line) => void waits.push(JSON.parse(line).againInMs) })
    const keeper = host.keeper({ clock: quickClock(200), log })
    await keeper.start()

    keeper.want([serve(a)])
    await becomes(() => waits.slice(0, 7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    await becomes(() => states(keeper), { 'serve a': 'failed' })

    const { error = '', restarts } = reportOf(keeper)
    expect(error).toMatch(/^it ended with code 1 before it was ready\nx+ no such table$/)
    expect(error.split('\n')[1]).toHaveLength(2_000)
    expect(restarts).toBeGreaterThanOrEqual(6)
    expect(host.told.flat()).toEqual([])
    keeper.want([])
    await becomes(() => states(keeper), { 'serve a': 'stopped' })
  })

  const unsound = [
    {
      why: 'a smoke path answers 500',
      start: { smoke: ['/', '/smoke-bad'] },
      toy: {},
      says: /^\/smoke-bad answered 500/,
    },
    {
      why: 'its health is silent for too long',
      start: { readyWithinMs: 300 },
      toy: { afterMs: 60_000 },
      says: /^\/health did not answer 2xx within 300 ms; the last time it gave no answer in \d+ ms\. It has to listen on the port that PORT names/,
    },
    {
      why: 'it has no route for its health',
      start: { readyWithinMs: 300 },
      toy: { health: 404 },
      says: /the last time it answered 404\. It needs a route \/health that answers when it is well/,
    },
    { why: 'its program is not there', start: { command: ['no-such-program'] }, toy: {}, says: /ENOENT/ },
  ]
  for (const { why, start, toy, says } of unsound) {
    test(`fails when ${why}, and leaves no process`, async () => {
      const host = testHost(onTestFinished)
      const a = makeToyRelease(host.layout, 'a', toy, start)
      const keeper = host.keeper()
      await keeper.start()

      keeper.want([serve(a)])
      await becomes(() => states(keeper), { 'serve a': 'failed' })

      expect(reportOf(keeper).error).toMatch(says)
      await becomes(() => host.tagged().length, 0)
      expect(host.told.flat()).toEqual([])
    })
  }

  test('fails when its manifest cannot be read, and says so', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a')
    writeFileSync(join(host.layout.release(a), 'sankofa-release.json'), '{"format": 1')
    const keeper = host.keeper()
    await keeper.start()

    keeper.want([serve(a)])
    await becomes(() => states(keeper), { 'serve a': 'failed' })

    expect(reportOf(keeper).error).toContain('sankofa-release.json cannot be read')
  })

  test('uses the programs of its own node_modules before those of the host', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a', {}, { command: ['serve-me', 'x'] })
    const bin = join(host.layout.release(a), 'node_modules', '.bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'serve-me'), `#!/bin/sh\nexec "${process.execPath}" server.mjs\n`, { mode: 0o755 })
    const keeper = host.keeper()
    await keeper.start()

    keeper.want([serve(a)])

    await becomes(() => states(keeper), { 'serve a': 'ready' })
  })
})

describe('a release that breaks later', () => {
  for (const whose of ['its own', 'an adopted'] as const) {
    test(`kill -9 of ${whose} release: out of the upstreams and started again at once`, async () => {
      const host = testHost(onTestFinished)
      const a = makeToyRelease(host.layout, 'a', { child: true })
      let keeper = host.keeper()
      await keeper.start()
      keeper.want([serve(a)])
      await becomes(() => host.told.at(-1), ['a'])
      if (whose === 'an adopted') {
        await keeper.stop('leave')
        keeper = host.keeper()
        await keeper.start()
        keeper.want([serve(a)])
        await becomes(() => states(keeper), { 'serve a': 'ready' })
      }
      const pid = pidOf(keeper)
      host.told.length = 0

      const killed = performance.now()
      process.kill(pid, 'SIGKILL')
      await becomes(() => host.told[0], [])
      const tookMs = performance.now() - killed
      await becomes(() => host.told, [[], ['a']])

      expect(reportOf(keeper)).toMatchObject({ state: 'ready', restarts: 1 })
      expect(pidOf(keeper)).not.toBe(pid)
      // The one it had started itself was ended with it.
      expect(host.tagged()).toHaveLength(2)
      expect(tookMs).toBeLessThan(3_000)
    })
  }

  test('SIGSTOP of a release: three silent seconds, then out of the upstreams, reported and started again', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a')
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a)])
    await becomes(() => host.told.at(-1), ['a'])
    const pid = pidOf(keeper)
    const said: (string | undefined)[] = []
    keeper.onChange(() => said.push(reportOf(keeper).error))
    host.told.length = 0

    process.kill(pid, 'SIGSTOP')
    await becomes(() => host.told, [[], ['a']])

    expect(said.some((error) => error?.startsWith('/health gave no answer in') && error.includes('3 times'))).toBe(true)
    expect(reportOf(keeper)).toMatchObject({ state: 'ready', restarts: 1 })
    expect(systemProcesses.identify(pid)).toBeUndefined()
  })

  test('a release whose health turns bad is started again; one bad answer alone changes nothing', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a')
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a)])
    await becomes(() => states(keeper), { 'serve a': 'ready' })
    const { origin, pid } = reportOf(keeper)

    await fetch(`${origin}/sick`)
    await becomes(() => reportOf(keeper).checks[0]?.status, 500)
    await fetch(`${origin}/well`)
    await becomes(() => reportOf(keeper).checks[0]?.status, 200)
    expect(reportOf(keeper)).toMatchObject({ state: 'ready', restarts: 0, pid })

    await fetch(`${origin}/sick`)
    await becomes(() => reportOf(keeper).restarts, 1)
    await becomes(() => states(keeper), { 'serve a': 'ready' })
  })

  test('one that ends again soon after it was ready waits longer each time', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a')
    const waits: number[] = []
    const log = pino({ level: 'warn' }, { write: (line) => void waits.push(JSON.parse(line).againInMs) })
    const keeper = host.keeper({ log })
    await keeper.start()
    keeper.want([serve(a)])

    for (const count of [1, 2, 3]) {
      await becomes(() => states(keeper), { 'serve a': 'ready' })
      await fetch(`${reportOf(keeper).origin}/die`).catch(() => {})
      await becomes(() => waits.length, count)
    }

    expect(waits).toEqual([0, 1_000, 2_000])
  })
})

describe('stopping', () => {
  test('what is not wanted any more is withdrawn, then ended when its last request is', async () => {
    const host = testHost(onTestFinished)
    const [a, b] = [makeToyRelease(host.layout, 'a'), makeToyRelease(host.layout, 'b')]
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a), serve(b)])
    await becomes(() => host.told.at(-1), ['a', 'b'])
    const pid = pidOf(keeper)
    host.inFlight.set('a', 2)

    keeper.want([serve(b)])
    await becomes(() => host.told.at(-1), ['b'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(states(keeper)).toEqual({ 'serve a': 'draining', 'serve b': 'ready' })
    expect(systemProcesses.identify(pid)).toBeDefined()
    host.inFlight.set('a', 0)

    await becomes(() => states(keeper), { 'serve a': 'stopped', 'serve b': 'ready' })
  })

  test('wanted again while it drains, it goes on as the same process', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a')
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a)])
    await becomes(() => host.told.at(-1), ['a'])
    const pid = pidOf(keeper)
    host.inFlight.set('a', 1)
    keeper.want([])
    await becomes(() => host.told.at(-1), [])

    keeper.want([serve(a)])
    await becomes(() => host.told.at(-1), ['a'])

    expect(reportOf(keeper)).toMatchObject({ state: 'ready', pid, restarts: 0 })
  })

  test('requests that do not end hold a stop for 30 s, an unknown number for 5 s', async () => {
    const host = testHost(onTestFinished)
    const [a, b] = [makeToyRelease(host.layout, 'a'), makeToyRelease(host.layout, 'b')]
    const clock = quickClock(20)
    const keeper = host.keeper({ clock })
    await keeper.start()
    keeper.want([serve(a), serve(b)])
    await becomes(() => host.told.at(-1), ['a', 'b'])
    host.inFlight.set('a', 1)
    host.inFlight.set('b', undefined)
    const begunMs = clock.now()
    const stoppedMs = new Map<string, number>()
    keeper.onChange(() => {
      for (const { release, state } of keeper.reports())
        if (state === 'stopped' && !stoppedMs.has(release)) stoppedMs.set(release, clock.now() - begunMs)
    })

    keeper.want([])
    await becomes(() => states(keeper), { 'serve a': 'stopped', 'serve b': 'stopped' })

    expect(stoppedMs.get('a')).toBeGreaterThan(30_000)
    expect(stoppedMs.get('b')).toBeGreaterThan(5_000)
    expect(stoppedMs.get('b')).toBeLessThan(30_000)
  })

  test('one that does not hear SIGTERM is killed with all that it started', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a', { deaf: true, child: true }, { stopWithinMs: 300 })
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a)])
    await becomes(() => states(keeper), { 'serve a': 'ready' })
    expect(host.tagged()).toHaveLength(2)

    await keeper.stop('stop')

    expect(states(keeper)).toEqual({ 'serve a': 'stopped' })
    expect(host.tagged()).toEqual([])
  })

  test('nothing is stopped before the gateway has taken that it is withdrawn', async () => {
    const host = testHost(onTestFinished)
    const a = makeToyRelease(host.layout, 'a')
    let refuses = false
    let refused = 0
    let isAliveWhenTold: boolean | undefined
    const keeper = host.keeper({
      onUpstreams: async (upstreams) => {
        if (refuses && ++refused < 4) throw new Error('the gateway is away')
        if (upstreams.length === 0 && refused > 0) isAliveWhenTold = host.tagged().length === 1
      },
    })
    await keeper.start()
    keeper.want([serve(a)])
    await becomes(() => states(keeper), { 'serve a': 'ready' })
    refuses = true

    keeper.want([])
    await becomes(() => states(keeper), { 'serve a': 'stopped' })

    expect(refused).toBe(4)
    expect(isAliveWhenTold).toBe(true)
  })

  test('a host file that cannot be written stops no sound release and keeps none running', async () => {
    const host = testHost(onTestFinished)
    const [a, b] = [makeToyRelease(host.layout, 'a'), makeToyRelease(host.layout, 'b')]
    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a)])
    await becomes(() => host.told.at(-1), ['a'])
    rmSync(host.layout.hostFile)
    mkdirSync(join(host.layout.hostFile, 'in-the-way'), { recursive: true })

    keeper.want([serve(a), serve(b)])
    await becomes(() => states(keeper), { 'serve a': 'ready', 'serve b': 'failed' })
    expect(reportOf(keeper, 1).error).toMatch(/EISDIR|ENOTEMPTY|EEXIST/)
    keeper.want([])
    await becomes(() => states(keeper), { 'serve a': 'stopped', 'serve b': 'stopped' })

    expect(host.tagged()).toEqual([])
  })
})
