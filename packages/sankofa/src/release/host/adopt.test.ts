import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from '#harness'
import type { InstanceRecord } from './host-file.ts'
import type { Keeper, KeeperInternals } from './keeper.ts'
import { openLog } from './log-file.ts'
import { type ProcessTable, systemProcesses } from './process-identity.ts'
import { hostEnvironment, startProcess } from './start-process.ts'
import { rootName, tagName } from './tagged-processes.ts'
import { becomes } from './testing/becomes.ts'
import { type TestHost, testHost } from './testing/host-fixture.ts'
import { makeToyRelease } from './testing/toy-release.ts'

const serve = (release: ReturnType<typeof makeToyRelease>) => ({ release, purpose: 'serve' }) as const
const states = (keeper: Keeper) => keeper.reports().map(({ release, state }) => `${release} ${state}`)

/** A host with release `a` running, left by its keeper. */
async function leftHost(): Promise<{ host: TestHost; pid: number; a: ReturnType<typeof makeToyRelease> }> {
  const host = testHost(onTestFinished)
  const a = makeToyRelease(host.layout, 'a')
  const keeper = host.keeper()
  await keeper.start()
  keeper.want([serve(a)])
  await becomes(() => host.told.at(-1), ['a'])
  const pid = keeper.reports()[0]?.pid ?? 0
  await keeper.stop('leave')
  host.told.length = 0
  return { host, pid, a }
}

describe('a later keeper', () => {
  test('adopts what lives before it knows what is wanted, and takes nothing from the gateway', async () => {
    const { host, pid } = await leftHost()
    expect(systemProcesses.identify(pid)).toBeDefined()

    const keeper = host.keeper()
    await keeper.start()
    await becomes(() => host.told.length, 1)

    expect(host.told).toEqual([['a']])
    expect(keeper.reports()).toMatchObject([{ release: 'a', state: 'ready', pid, restarts: 0 }])
    keeper.want([])
    await becomes(() => states(keeper), ['a stopped'])
    expect(host.tagged()).toEqual([])
  })

  const damages: readonly { what: string; damage(file: string): void }[] = [
    { what: 'torn in the middle', damage: (file) => truncateSync(file, 60) },
    { what: 'empty', damage: (file) => truncateSync(file, 0) },
    { what: 'gone', damage: (file) => rmSync(file) },
    { what: 'of another format', damage: (file) => writeFileSync(file, '{"format":9,"instances":[]}') },
  ]
  for (const { what, damage } of damages) {
    test(`finds what lives by its environment when the host file is ${what}`, async () => {
      const { host, pid, a } = await leftHost()
      damage(host.layout.hostFile)

      const keeper = host.keeper()
      await keeper.start()
      keeper.want([serve(a)])
      await becomes(() => host.told.at(-1), ['a'])

      // Not even for a moment without it, and not a second one.
      expect(host.told).toEqual([['a']])
      expect(keeper.reports()).toMatchObject([{ state: 'ready', pid }])
      expect(host.tagged()).toHaveLength(1)
      expect(JSON.parse(readFileSync(host.layout.hostFile, 'utf8'))).toMatchObject({
        instances: [{ process: { pid } }],
      })
    })
  }

  test('ends a second process of an instance, and one that nobody wants', async () => {
    const { host, pid, a } = await leftHost()
    const log = openLog(join(host.layout.logs, 'stray.log'))
    for (const [release, tag] of [
      ['a', 'serve-0000'],
      ['gone', 'rehearse-0000'],
      ['', 'serve-1111'],
    ] as const) {
      const environment = { ...hostEnvironment(), SANKOFA_RELEASE: release, PORT: release === '' ? '' : '19999' }
      await startProcess(
        {
          command: ['node', '-e', 'setInterval(() => {}, 1000)'],
          folder: host.layout.root,
          environment: { ...environment, [tagName]: tag, [rootName]: host.layout.root },
          log,
        },
        systemProcesses,
      )
    }
    await becomes(() => host.tagged().length, 4)

    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a)])

    await becomes(() => host.tagged().map((each) => each.process.pid), [pid])
    expect(host.told.every((releases) => releases.join() === 'a')).toBe(true)
  })

  test('starts again what ended while no keeper was there', async () => {
    const { host, pid, a } = await leftHost()
    process.kill(pid, 'SIGKILL')
    await becomes(() => systemProcesses.identify(pid), undefined)

    const keeper = host.keeper()
    await keeper.start()
    keeper.want([serve(a)])
    await becomes(() => states(keeper), ['a ready'])

    expect(keeper.reports()[0]?.restarts).toBe(1)
  })

  test('leaves a process alone that has the number of a dead release; one that trusts the number alone is caught', async () => {
    /** A stranger has the pid that the host file names. @returns what became of it, and whether the release runs */
    const run = async (internals: KeeperInternals): Promise<{ strangerLives: boolean; runs: boolean }> => {
      const { host, pid, a } = await leftHost()
      process.kill(pid, 'SIGKILL')
      await becomes(() => systemProcesses.identify(pid), undefined)
      const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true })
      onTestFinished(() => void stranger.kill('SIGKILL'))
      await once(stranger, 'spawn')
      const text = readFileSync(host.layout.hostFile, 'utf8')
      const file = JSON.parse(text) as { instances: InstanceRecord[] }
      const [record] = file.instances
      expect(record?.process?.pid).toBe(pid)
      writeFileSync(host.layout.hostFile, text.replace(`"pid": ${pid}`, `"pid": ${stranger.pid}`))

      const keeper = host.keeper({}, internals)
      await keeper.start()
      keeper.want([serve(a)])
      await becomes(() => ['ready', 'failed'].includes(keeper.reports()[0]?.state ?? ''), true)
      const runs = host.tagged().length === 1
      await keeper.stop('stop')
      await Promise.race([once(stranger, 'exit'), new Promise((resolve) => setTimeout(resolve, 200))])
      return { runs, strangerLives: stranger.exitCode === null && stranger.signalCode === null }
    }
    const byNumberAlone: ProcessTable = {
      identify: systemProcesses.identify,
      isAlive: ({ pid }) => systemProcesses.identify(pid) !== undefined,
      signal(target, signal, whom) {
        const now = systemProcesses.identify(target.pid)
        return now !== undefined && systemProcesses.signal(now, signal, whom)
      },
    }

    const sound = await run({})
    const mutant = await run({ processes: byNumberAlone })

    expect(sound).toEqual({ strangerLives: true, runs: true })
    expect(mutant).toEqual({ strangerLives: false, runs: false })
  })
})
