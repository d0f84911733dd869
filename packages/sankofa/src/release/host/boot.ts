import { randomBytes } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestFile } from '../layout.ts'
import { type Manifest, parseManifest, type StartSettings } from '../release.ts'
import { freePort } from './free-port.ts'
import type { InstanceRecord } from './host-file.ts'
import type { Instance, LifeContext } from './instance.ts'
import { lastWords, openLog } from './log-file.ts'
import { hostEnvironment, startProcess, type Watched, watchAdopted } from './start-process.ts'
import { rootName, tagName } from './tagged-processes.ts'

/** A process of a release that this keeper looks after. */
export type Running = {
  readonly record: InstanceRecord
  readonly watched: Watched
  readonly origin: string
  /** Absent when the release's folder went away under a process that was adopted. */
  readonly start: StartSettings | undefined
  /** When it was started or adopted, ms. */
  readonly beganMs: number
  lastWords(): string
}

export const logOf = (context: LifeContext, instance: Instance): string =>
  join(context.layout.logs, `${instance.release}${instance.purpose === 'serve' ? '' : '.rehearse'}.log`)

/** @returns what it says of itself; `missing` when there is no such release; otherwise what is wrong with it */
export async function readManifest(
  context: LifeContext,
  instance: Instance,
): Promise<Manifest | 'missing' | { readonly wrong: string }> {
  const path = join(context.layout.release(instance.release), manifestFile)
  try {
    const manifest = parseManifest(JSON.parse(await readFile(path, 'utf8')))
    if (manifest === undefined) return { wrong: `${path} is not a manifest that this version can read` }
    return manifest.release === instance.release ? manifest : { wrong: `${path} is that of ${manifest.release}` }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing'
    return { wrong: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Writes down what shall be, starts it, writes down what is: whatever happens between is found by the tag. */
export async function boot(
  context: LifeContext,
  instance: Instance,
  start: StartSettings,
  restarts: number,
): Promise<Running> {
  const { clock, file, layout } = context
  const folder = await realpath(layout.release(instance.release))
  const port = await freePort(context.ports)
  context.ports.add(port)
  const tag = `${instance.purpose}-${randomBytes(8).toString('hex')}`
  const begun = { tag, ...instance, port, phase: 'starting', restarts } as const
  const log = openLog(logOf(context, instance))
  try {
    await file.put(begun)
    await context.moment('begun start')
    const environment = {
      ...hostEnvironment(),
      ...context.environment,
      ...start.environment,
      PORT: String(port),
      HOST: '127.0.0.1',
      SANKOFA_RELEASE: instance.release,
      SANKOFA_SHARED: layout.shared,
      [tagName]: tag,
      [rootName]: layout.root,
    }
    const beganMs = clock.now()
    const watched = await startProcess({ command: start.command, folder, environment, log }, context.processes)
    await context.moment('spawned')
    const running = {
      record: { ...begun, process: watched.process },
      watched,
      origin: `http://127.0.0.1:${port}`,
      start,
      beganMs,
      lastWords: () => lastWords(log.path, log.from),
    }
    try {
      await file.put(running.record)
    } catch (error) {
      context.processes.signal(watched.process, 'SIGKILL', 'group')
      throw error
    }
    await context.moment('recorded start')
    return running
  } catch (error) {
    context.ports.delete(port)
    await file.remove(tag).catch(() => {})
    throw error
  } finally {
    log.close()
  }
}

/** Takes up what an earlier keeper left. @returns `undefined` when it does not live any more */
export async function takeUp(
  context: LifeContext,
  record: InstanceRecord,
  signal: AbortSignal,
): Promise<Running | undefined> {
  const { clock, processes } = context
  const { process } = record
  if (process === undefined || !processes.isAlive(process)) return undefined
  const manifest = await readManifest(context, record)
  context.ports.add(record.port)
  return {
    record,
    watched: watchAdopted(process, processes, clock, signal),
    origin: `http://127.0.0.1:${record.port}`,
    start: typeof manifest === 'object' && 'start' in manifest ? manifest.start : undefined,
    beganMs: clock.now(),
    lastWords: () => lastWords(logOf(context, record), 0),
  }
}
