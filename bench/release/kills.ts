import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openKeptDatabase } from 'sankofa/db'
import { type ChangeState, foldChange, requestBack, requestGo } from 'sankofa/journal'
import { gatewayClient, layoutOf, type Manifest, readHosts, readSplit } from 'sankofa/release'
import { type BenchHost, openHost, service } from './host.ts'

export const victims = ['host', 'gateway', 'new release', 'old release', 'PostgreSQL'] as const
export type Victim = (typeof victims)[number]

/** Moments of a way out and back, as the journal tells them; the kill comes as soon as one is seen. */
const moments = {
  'go asked': (state) => state.pending?.want === 'go',
  proved: (state) => state.state === 'proved' || state.go !== undefined,
  started: (state) => state.go !== undefined,
  exposing: (state) => state.inFlight?.act === 'expose' || state.share > 0,
  exposed: (state) => state.share > 0 && state.inFlight === undefined,
  'back asked': (state) => state.pending?.want === 'back' || state.inFlight?.act === 'undo' || state.state === 'undone',
  undoing: (state) => state.inFlight?.act === 'undo' || state.state === 'undone',
  undone: (state) => state.state === 'undone',
} as const satisfies Record<string, (state: ChangeState) => boolean>
export type Moment = keyof typeof moments
export const momentNames = Object.keys(moments) as readonly Moment[]

export type Kill = { readonly victim: Victim; readonly moment: Moment }
export type KillResult = Kill & {
  /** The process that was killed, and that it is gone. */
  readonly pid: number
  readonly landed: boolean
  /** From the kill until everything agreed again, ms. */
  readonly rightAfterMs: number
  readonly wrong: readonly string[]
}

/** The order in which all of them take turns. */
export const allKills: readonly Kill[] = momentNames.flatMap((moment) => victims.map((victim) => ({ victim, moment })))

/** Ships a release and takes it back, once for each kill, with `kill -9` at the moment; looks whether everything agrees afterwards. */
export async function runKills(kills: readonly Kill[], log: (line: string) => void): Promise<readonly KillResult[]> {
  const base = await mkdtemp(join(tmpdir(), 'sk-pg-'))
  await chmod(base, 0o755)
  const database = await openKeptDatabase({ directory: base, name: 'bench', onTrouble: () => {} })
  const dataFolder = database.description.replace(/^.* data in /, '')
  const host = await openHost(database.url)
  const results: KillResult[] = []
  try {
    const first = await host.make('the first')
    const releases = [await host.make('one'), await host.make('two')]
    for (const [index, kill] of kills.entries()) {
      const next = releases[index % 2] ?? first
      const result = await killOnce(host, dataFolder, first, next, kill)
      results.push(result)
      const verdict =
        result.wrong.length === 0 ? `right after ${Math.round(result.rightAfterMs)} ms` : result.wrong.join('; ')
      log(`${index + 1}/${kills.length} ${kill.victim} at "${kill.moment}": ${verdict}`)
    }
  } finally {
    await host.stop()
    await database.stop()
    await rm(base, { recursive: true, force: true, maxRetries: 5 })
  }
  return results
}

async function killOnce(
  host: BenchHost,
  dataFolder: string,
  first: Manifest,
  next: Manifest,
  kill: Kill,
): Promise<KillResult> {
  const change = await patiently(() => host.propose(next, first))
  await patiently(() => requestGo(host.journal, { change, actor: 'bench' }))
  const began = moments[kill.moment]
  const isOnWayBack = momentNames.indexOf(kill.moment) >= momentNames.indexOf('back asked')
  if (isOnWayBack) {
    await host.until(change, moments.exposed)
    await requestBack(host.journal, { change, actor: 'bench', reason: 'bench' })
  }
  await host.until(change, began)
  const pid = await pidOf(kill.victim, host, dataFolder, first, next)
  const killedMs = performance.now()
  const landed = pid !== undefined && killNow(pid)
  if (kill.victim === 'host') await host.restart()
  if (!isOnWayBack) {
    // What was asked goes on; then it is taken back, wherever it is by now.
    const now = await host.until(change, (state) => moments.exposed(state) || isOver(state), 120_000)
    if (!isOver(now)) await patiently(() => requestBack(host.journal, { change, actor: 'bench', reason: 'bench' }))
  }
  await host.until(change, isOver, 120_000)
  let wrong = await whatIsWrong(host, first)
  for (const giveUpAtMs = performance.now() + 30_000; wrong.length > 0 && performance.now() < giveUpAtMs; ) {
    await delay(100)
    wrong = await whatIsWrong(host, first)
  }
  return { ...kill, pid: pid ?? 0, landed, rightAfterMs: performance.now() - killedMs, wrong }
}

const isOver = (state: ChangeState): boolean =>
  state.state === 'undone' || (state.state === 'refused' && state.pending === undefined)

/** PostgreSQL may be the one that was killed: what is asked of it is asked again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries >= 20) throw error
      await delay(250)
    }
  }
}

async function pidOf(
  victim: Victim,
  host: BenchHost,
  dataFolder: string,
  first: Manifest,
  next: Manifest,
): Promise<number | undefined> {
  const ofRelease = async (release: string): Promise<number | undefined> => {
    const [here] = await readHosts(host.pool, service)
    return here?.processes.find((one) => one.release === release && one.purpose === 'serve' && one.pid !== undefined)
      ?.pid
  }
  switch (victim) {
    case 'host':
      return host.process().pid
    case 'gateway':
      return (await gatewayClient(layoutOf(join(host.directory, 'host')).gatewaySocket).status()).pid
    case 'new release':
      return (await ofRelease(next.release)) ?? (await ofRelease(first.release))
    case 'old release':
      return ofRelease(first.release)
    case 'PostgreSQL':
      return Number(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[0])
    default:
      return victim satisfies never
  }
}

function killNow(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}

/** One live release = weights = journal = `current`, one gateway, no orphan, no lock but the host's own. Empty: all agree. */
export async function whatIsWrong(host: BenchHost, first: Manifest): Promise<readonly string[]> {
  const wrong: string[] = []
  try {
    const layout = layoutOf(join(host.directory, 'host'))
    const split = await readSplit(host.pool, service)
    if (split?.current !== first.release || split.next !== undefined)
      wrong.push(`the row says ${JSON.stringify(split)}`)
    const link = readlinkSync(layout.current)
    if (!link.endsWith(first.release)) wrong.push(`current is ${link}`)
    const answered = await askedOnce(host.port)
    if (answered !== first.release) wrong.push(`customers get ${answered}`)
    const tagged = processesOf(layout.root)
    const expected = ['gateway', 'serve']
    if (JSON.stringify(tagged.toSorted()) !== JSON.stringify(expected)) wrong.push(`processes: ${tagged.join(', ')}`)
    const traces = (await readdir(layout.root)).filter((name) => /\.new$|\.after-|\.part/.test(name))
    if (traces.length > 0) wrong.push(`left over: ${traces.join(', ')}`)
    const states = foldChange(await host.journal.read())
    if (states?.inFlight !== undefined) wrong.push(`the journal has ${states.inFlight.act} in flight`)
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error))
  }
  return wrong
}

/** Purposes of the processes that the host of `root` started, by what their environment says. */
function processesOf(root: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
        if (!environment.includes(`SANKOFA_HOST_ROOT=${root}\0`)) return []
        return [/SANKOFA_INSTANCE=([a-z]+)-/.exec(environment)?.[1] ?? 'unknown']
      } catch {
        // Gone meanwhile, or a process of another user.
        return []
      }
    })
}

function askedOnce(port: number): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, agent: false, timeout: 3_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200 ? String(answer.headers['x-release']) : `status ${answer.statusCode}`)
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', (error) => resolve(error.message))
    asked.end()
  })
}
