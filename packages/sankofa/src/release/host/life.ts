import { boot, type Running, readManifest, takeUp } from './boot.ts'
import { answered, type Check, check, isHealthy } from './check.ts'
import { endProcess, endTagged } from './end-process.ts'
import type { InstanceRecord } from './host-file.ts'
import type { Instance, InstanceReport, InstanceState, LifeContext } from './instance.ts'
import { createPatience } from './patience.ts'
import { type Outcome, untilReady } from './until-ready.ts'

export type Life = {
  readonly instance: Instance
  report(): InstanceReport
  want(isWanted: boolean): void
  /** Its process goes on, nobody looks after it. */
  leave(): void
  /** It is stopped, or left; it does not begin again. */
  hasEnded(): boolean
  readonly ended: Promise<void>
  /** Resolves when it is known whether what was adopted is ready. */
  readonly decided: Promise<void>
}

const pollEveryMs = 1_000
/** Three looks of a second each: a collection of garbage or a busy machine misses one, not three. */
const missesUntilRestart = 3
const drainWithinMs = 30_000
const unknownForMs = 5_000
/** What does not answer its health gets no more time to end than this: nobody is served meanwhile. */
const hungStopWithinMs = 2_000

/** Starts one instance and keeps it ready as long as it is wanted, then stops it. One thing at a time, in one loop. */
export function beginLife(context: LifeContext, instance: Instance, adopted?: InstanceRecord): Life {
  const { clock, file, log: keeperLog, processes } = context
  const log = keeperLog.child({ release: instance.release, purpose: instance.purpose })
  const over = new AbortController()
  const leaving = new AbortController()
  const decided = Promise.withResolvers<void>()
  let isWanted = true
  let isLeaving = false
  let hasEnded = false
  let interrupt = new AbortController()
  let restarts = adopted?.restarts ?? 0
  let starts = adopted === undefined ? 0 : 1
  const patience = createPatience()
  let delayMs = 0
  let running: Running | undefined
  let goneBecause: string | undefined
  let checks: readonly Check[] = []
  let readySinceMs = 0
  let report: { state: InstanceState; sinceMs: number; error?: string; startedInMs?: number } = {
    state: 'starting',
    sinceMs: clock.now(),
  }

  const become = (state: InstanceState, more: { error?: string; startedInMs?: number } = {}): void => {
    const sinceMs = state === report.state ? report.sinceMs : clock.now()
    report = { state, sinceMs, ...more }
    if (state !== 'starting') decided.resolve()
    context.changed()
  }
  const wake = (): void => interrupt.abort()
  /** Ends early when something happened that the loop must look at. @returns whether it did */
  const pause = async (ms: number): Promise<boolean> => {
    interrupt = new AbortController()
    const { signal } = interrupt
    await clock.sleep(ms, signal)
    return signal.aborted
  }
  /** @returns `undefined` when it was cut short, which says nothing of the release */
  const look = async (origin: string, path: string, timeoutMs: number): Promise<Check | undefined> => {
    interrupt = new AbortController()
    const { signal } = interrupt
    const found = await check(origin, path, timeoutMs, signal)
    return signal.aborted ? undefined : found
  }

  /** A full disk neither ends a sound release nor keeps anything running: what is not written is found by its tag. */
  const noted = (writing: Promise<void>): Promise<void> =>
    writing.catch((error: unknown) => log.error({ err: error }, 'the host file could not be written'))
  const within = async <T>(ms: number, work: Promise<T>): Promise<T | undefined> => {
    const timer = new AbortController()
    const found = await Promise.race([work, clock.sleep(ms, timer.signal).then(() => undefined)])
    timer.abort()
    return found
  }

  const checked = (found: readonly Check[]): void => {
    checks = found
  }
  /** What the loop must turn to before it goes on with this process. */
  const cut = (wasReady: boolean): Outcome | undefined => {
    if (isLeaving) return 'left'
    if (goneBecause === undefined) return isWanted ? undefined : 'unwanted'
    return { failed: wasReady ? goneBecause : `${goneBecause} before it was ready`, wasReady }
  }

  async function live(): Promise<void> {
    if (adopted !== undefined) await begin(await takeUp(context, adopted, over.signal), adopted)
    while (!isLeaving) {
      if (running === undefined) {
        if (!isWanted) break
        if (delayMs > 0) {
          const waitMs = delayMs
          delayMs = 0
          await pause(waitMs)
          continue
        }
        await tryBoot()
        continue
      }
      try {
        const outcome = await serve(running)
        if (outcome === 'left') break
        if (outcome !== 'unwanted') noteFailure(running, outcome)
        await end(running, outcome)
      } catch (error) {
        log.error({ err: error }, 'the keeper failed at an instance; it tries again')
        await pause(1_000)
      }
    }
    over.abort()
    hasEnded = true
    if (!isLeaving) become('stopped')
    decided.resolve()
  }

  /** What was adopted may be dead already, or on its way out. */
  async function begin(found: Running | undefined, record: InstanceRecord): Promise<void> {
    if (found === undefined) {
      endTagged(context.layout.root, record.tag, processes)
      await noted(file.remove(record.tag))
      if (record.phase !== 'stopping') log.warn({ tag: record.tag }, 'a release ended while no keeper was there')
      return
    }
    hold(found)
    log.info({ pid: found.watched.process.pid, phase: record.phase }, 'adopted')
    await context.moment('adopted')
    if (record.phase === 'stopping') return end(found, 'unwanted')
    if (record.phase === 'ready') await nowReady(found, record.startedInMs)
  }

  function hold(found: Running): void {
    running = found
    goneBecause = undefined
    void found.watched.gone.then((how) => {
      if (running !== found) return
      goneBecause = how
      wake()
    })
  }

  async function tryBoot(): Promise<void> {
    const manifest = await readManifest(context, instance)
    if (manifest === 'missing') {
      delayMs = 1_000
      const error = `There is no release ${instance.release} in ${context.layout.releases}. Ship it to this host.`
      return become('missing', { error })
    }
    try {
      if ('wrong' in manifest) throw new Error(manifest.wrong)
      checks = []
      become('starting')
      if (starts++ > 0) restarts++
      hold(await boot(context, instance, manifest.start, restarts))
      context.changed()
    } catch (error) {
      delayMs = patience.afterFailedStart()
      log.error({ err: error }, 'a release could not be started')
      become('failed', { error: textOf(error) })
    }
  }

  async function serve(found: Running): Promise<Outcome> {
    if (report.state !== 'ready') {
      const outcome = await untilReady(found, { clock, look, pause, cut, checked })
      if (outcome !== 'ready') return outcome
      const startedInMs = clock.now() - found.beganMs
      await context.moment('healthy')
      await nowReady(found, startedInMs)
    }
    return whileReady(found)
  }

  async function nowReady(found: Running, startedInMs: number | undefined): Promise<void> {
    const known = startedInMs === undefined ? {} : { startedInMs }
    await noted(file.put({ ...found.record, phase: 'ready', ...known }))
    await context.moment('recorded ready')
    readySinceMs = clock.now()
    become('ready', known)
    void context.publish()
    await context.moment('told ready')
  }

  async function whileReady(found: Running): Promise<Outcome> {
    let misses = 0
    for (;;) {
      const because = cut(true)
      if (because !== undefined && because !== 'unwanted') return because
      if (because === 'unwanted') {
        if (await drained()) return isLeaving ? 'left' : 'unwanted'
        become('ready', report.startedInMs === undefined ? {} : { startedInMs: report.startedInMs })
        void context.publish()
        continue
      }
      // A pause, not a time of day to wait for: a clock that is set back must not stop the polling.
      if (await pause(pollEveryMs)) continue
      if (found.start === undefined) continue
      const asked = await look(found.origin, found.start.health, pollEveryMs)
      if (asked === undefined) continue
      checks = [asked, ...checks.slice(1)]
      misses = isHealthy(asked) ? 0 : misses + 1
      if (misses >= missesUntilRestart)
        return { failed: `${asked.path} ${answered(asked)}, ${misses} times in a row`, wasReady: true }
    }
  }

  /** @returns `false` when it is wanted again before it was told to end */
  async function drained(): Promise<boolean> {
    const { startedInMs } = report
    become('draining', startedInMs === undefined ? {} : { startedInMs })
    if (instance.purpose === 'serve') await context.publish()
    await context.moment('withdrawn')
    const untilMs = clock.now() + drainWithinMs
    let knownMs = clock.now()
    while (!isLeaving && goneBecause === undefined && instance.purpose === 'serve') {
      if (isWanted) return false
      const inFlight = await within(
        2_000,
        context.inFlight(instance.release).catch(() => undefined),
      )
      if (inFlight === 0) break
      if (inFlight !== undefined) knownMs = clock.now()
      // A gateway that cannot be asked for so long has no requests in flight either.
      if (clock.now() - knownMs > unknownForMs) break
      if (clock.now() > untilMs) {
        log.warn({ inFlight }, 'requests are still in flight, it is told to end all the same')
        break
      }
      await pause(100)
    }
    await context.moment('drained')
    return isLeaving || goneBecause !== undefined || !isWanted
  }

  function noteFailure(found: Running, outcome: { readonly failed: string; readonly wasReady: boolean }): void {
    const error = [outcome.failed, found.lastWords()].filter((text) => text !== '').join('\n')
    delayMs = outcome.wasReady ? patience.afterDeath(clock.now() - readySinceMs) : patience.afterFailedStart()
    log.warn({ why: outcome.failed, againInMs: delayMs, wasReady: outcome.wasReady }, 'a release failed')
    const wasReady = report.state === 'ready'
    become('failed', { error })
    if (wasReady) void context.publish()
  }

  async function end(found: Running, outcome: Exclude<Outcome, 'left'>): Promise<void> {
    if (outcome === 'unwanted') become('draining')
    const givenMs = found.start?.stopWithinMs ?? 10_000
    const withinMs = outcome === 'unwanted' ? givenMs : Math.min(givenMs, hungStopWithinMs)
    if (goneBecause !== undefined) await context.moment('found dead')
    // What answers too slowly may still have requests that it will answer.
    else if (outcome !== 'unwanted' && instance.purpose === 'serve') await within(2_000, context.publish())
    await noted(file.put({ ...found.record, phase: 'stopping' }))
    await context.moment('begun stop')
    const how = await endProcess(found.watched, { withinMs, processes, clock, signal: leaving.signal })
    if (how === 'left') return
    endTagged(context.layout.root, found.record.tag, processes)
    running = undefined
    context.ports.delete(found.record.port)
    await context.moment('ended')
    await noted(file.remove(found.record.tag))
    await context.moment('recorded stop')
    if (outcome === 'unwanted') log.info({ how, pid: found.watched.process.pid }, 'stopped')
    context.changed()
  }

  const ended = live().catch((error: unknown) => {
    hasEnded = true
    over.abort()
    log.error({ err: error }, 'the keeper gave an instance up')
    become('failed', { error: textOf(error) })
  })
  return {
    instance,
    report: () => ({
      ...instance,
      ...report,
      ...(running === undefined ? {} : { pid: running.watched.process.pid, origin: running.origin }),
      checks,
      restarts,
    }),
    want(wanted) {
      if (wanted === isWanted) return
      isWanted = wanted
      wake()
    },
    leave() {
      isLeaving = true
      leaving.abort()
      wake()
    },
    hasEnded: () => hasEnded,
    ended,
    decided: decided.promise,
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
