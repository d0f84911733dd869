import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { changeId, type ReleaseId, SankofaError, systemClock } from '../../core/index.ts'
import { bootstrap, createLease, shipLease } from '../../db/index.ts'
import { foldChange, propose, requestGo } from '../../journal/index.ts'
import { runSteps, type Step, showSteps } from '../../pipeline/index.ts'
import {
  type ChangeSize,
  findRelease,
  type Layout,
  layoutOf,
  type MadeRelease,
  type Manifest,
  placeCurrent,
  type ReleasePlan,
  readHosts,
  readRelease,
  readSplit,
  registerRelease,
  type Source,
  waitUntilReady,
  want,
  whatIsNew,
} from '../../release/index.ts'
import { type Context, openContext } from '../context.ts'
import { changeOfGroup } from '../declared.ts'
import { findDirectory, hasDatabaseUrl } from '../find-config.ts'
import { AnswerIsNo } from '../output.ts'
import type { ReleaseSettings } from '../release-settings.ts'
import { checkSteps, makeStep } from '../ship/checks.ts'
import { expandStep, pendingGroups } from '../ship/expand.ts'
import { followChange } from '../ship/follow.ts'
import { startHost } from '../ship/host-here.ts'
import { journalSteps } from '../ship/journalled.ts'
import { stepsDone } from '../ship/steps-done.ts'
import { isWatched } from '../watched.ts'

export type ShipOptions = {
  readonly json?: boolean
  readonly ref?: string
  readonly directory?: string
  readonly tarball?: string
  /** A patch on top. */
  readonly with?: string
  readonly big?: string
  readonly later?: readonly string[]
  /** Why its own checks are not run. */
  readonly unchecked?: string
  readonly port: number
  readonly consolePort: number
  readonly follow: boolean
}

/** One deployer of a service at a time; one that died lets another in after this. */
const lockMs = 15_000
/** A release that nobody lets go within this time is stopped again. */
const keptWarmMs = 15 * 60_000

/**
 * From a commit, a folder, a tarball or a release that was made before to what customers get: made, checked, measured,
 * migrations proved and let out first, started beside the old one, then shown a little at a time under the watcher.
 */
export async function shipCommand(target: string | undefined, options: ShipOptions): Promise<void> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const from = process.env.INIT_CWD ?? process.cwd()
  const directory = findDirectory(process.env, from)
  const say = (line: string): void => void (options.json === true ? process.stderr : process.stdout).write(`${line}\n`)
  if (!hasDatabaseUrl(process.env, directory)) await startHere(directory, options, ending.signal, say)
  const context = await openContext({ maximumConnections: 4 })
  try {
    await bootstrap(context.pool)
    await ship(context, target, options, ending.signal, say)
  } finally {
    await context.pool.end()
  }
}

async function startHere(
  directory: string,
  options: ShipOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  say(
    'No DATABASE_URL is set and nothing runs here: the host of this machine is started, with a PostgreSQL of its own.',
  )
  const host = await startHost(directory, { port: options.port, consolePort: options.consolePort, signal })
  say(`It runs in the background as process ${host.pid}: customers at ${host.url}, console at ${host.console}.`)
  say(`The console's token is in ${host.tokenFile}. Stop it all with: kill ${host.pid}`)
}

async function ship(
  context: Context,
  target: string | undefined,
  options: ShipOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const { config, pool, journal, actor, directory } = context
  const { service } = config
  const settings = releaseSettings(config.release)
  const layout = layoutOf(join(directory, 'host'))
  const source = target === undefined ? await sourceOf(options) : undefined
  const running = await whatRuns(context)
  const groups = await pendingGroups(context, options.later ?? [])
  const repository = source?.kind === 'git' ? source.repository : undefined
  let made: Pick<MadeRelease, 'manifest'> | undefined
  let size: ChangeSize | undefined
  const manifestNow = (): Manifest => {
    if (made === undefined) throw new Error('no release was made')
    return made.manifest
  }

  const steps: readonly Step[] = [
    ...(source === undefined
      ? [
          againStep(layout, target ?? '', (manifest) => {
            made = { manifest }
          }),
        ]
      : [
          makeStep({ context, settings, source, layout, title: 'Make the release' }, (done) => {
            made = done
          }),
        ]),
    {
      id: 'propose',
      title: 'Propose the change',
      async run() {
        const manifest = manifestNow()
        await registerRelease(pool, { manifest, size: undefined, news: undefined })
        if (running === undefined) return `${manifest.release} is the first release of ${service}`
        const change = changeOf(manifest.release)
        const known = foldChange(await journal.read({ change }))
        const isOut = known?.state === 'exposed' || known?.state === 'bake'
        if (!isOut) await propose(journal, proposalOf(manifest, running, groups, actor))
        shipJournal.belongsTo(change)
        return isOut ? `${change} is out already` : change
      },
    },
    ...(source === undefined || options.unchecked !== undefined
      ? [leftOut(options.unchecked ?? 'it was checked when it was made')]
      : checkSteps({
          context,
          settings,
          layout,
          source,
          repository,
          running,
          groups,
          big: options.big,
          onSize: (measured) => {
            size = measured
          },
        })),
    {
      id: 'news',
      title: 'List what is new',
      async run() {
        const manifest = manifestNow()
        const before = running?.source.commit
        const commit = manifest.source.commit
        if (repository === undefined || before === undefined || commit === undefined)
          return { skipped: 'there is nothing to compare it with' }
        const news = await whatIsNew({ repository, from: before, to: commit })
        await registerRelease(pool, { manifest, size, news })
        return `${news.commits.length} commits since ${running?.release}`
      },
    },
    expandStep(context, groups),
    {
      id: 'start',
      title: running === undefined ? 'Start it' : 'Start it beside the old one',
      async run({ log }) {
        const { release, start } = manifestNow()
        if (running === undefined) {
          const current = await placeCurrent(pool, service, release)
          if (current !== release) log(`! ${current} runs already`)
        } else await want(pool, { service, release, purpose: 'serve', by: `ship by ${actor}`, forMs: keptWarmMs })
        const patienceMs = start.readyWithinMs + 10_000
        const found = await waitUntilReady(
          pool,
          { service, release, purpose: 'serve' },
          patienceMs,
          systemClock,
          signal,
        )
        if (found.state === 'ready') return `ready on ${found.hosts.join(', ')}`
        throw new SankofaError('STEP_FAILED', {
          what: `${release} does not come up on ${found.host}: ${found.why}`,
          next:
            running === undefined
              ? 'Mend it and ship again.'
              : `Nobody got it: ${running.release} goes on. Mend it and ship again.`,
        })
      },
    },
    {
      id: 'go',
      title: 'Let it go',
      skip: () => (running === undefined ? 'it is the first: everybody gets it' : undefined),
      async run({ log }) {
        const change = changeOf(manifestNow().release)
        const state = foldChange(await journal.read({ change }))
        if (state?.state === 'exposed' || state?.state === 'bake') return 'it goes out already'
        if (state?.pending?.want !== 'go') await requestGo(journal, { change, actor })
        if (!(await isWatched(pool))) log('! No watcher runs, so nothing happens yet. Start one: "sankofa watch".')
        return `asked for ${change}`
      },
    },
  ]

  const shipJournal = journalSteps(journal, actor, new Map(steps.map(({ id, title }) => [id, title])))
  const lock = await holdLock(context)
  const view = await showSteps(steps, options.json === true ? { json: true } : {})
  try {
    const outcome = await runSteps(steps, {
      onEvent(event) {
        view.onEvent(event)
        shipJournal.onEvent(event)
      },
      remember: stepsDone(join(directory, 'ship-steps.json')),
      signal,
    })
    const lost = await shipJournal.flush()
    await view.end(outcome)
    if (lost > 0 && running !== undefined) say(`! ${lost} steps could not be written into the journal.`)
    if (outcome.state !== 'done') throw new AnswerIsNo()
  } finally {
    await lock.release()
  }
  if (running !== undefined && options.follow) await follow(context, manifestNow().release, signal, say)
}

const releaseSettings = (settings: ReleaseSettings | undefined): ReleaseSettings => {
  if (settings !== undefined) return settings
  throw new SankofaError('SETTINGS_WRONG', {
    problems: [
      "release: not set in sankofa.config.ts; expected how the service is started, such as release: { start: ['node', 'server.ts'] }.",
    ],
  })
}

export const changeOf = (release: ReleaseId) => changeId(`release-${release}`)

async function sourceOf(options: ShipOptions): Promise<Source> {
  const here = process.env.INIT_CWD ?? process.cwd()
  const patch = options.with === undefined ? {} : { patch: await readFile(resolve(here, options.with), 'utf8') }
  if (options.tarball !== undefined) return { kind: 'tarball', path: resolve(here, options.tarball) }
  if (options.directory !== undefined) return { kind: 'directory', path: resolve(here, options.directory), ...patch }
  const repository = await topOfGit(here)
  if (repository !== undefined) return { kind: 'git', repository, ref: options.ref ?? 'HEAD', ...patch }
  if (options.ref !== undefined) {
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [`--ref: found "${options.ref}", and ${here} is in no git repository; ship the folder without it.`],
    })
  }
  return { kind: 'directory', path: here, ...patch }
}

/** The commit that runs is compared with in its repository; a folder without commits is shipped as a folder. */
async function topOfGit(folder: string): Promise<string | undefined> {
  try {
    const run = promisify(execFile)
    await run('git', ['rev-parse', '--verify', 'HEAD'], { cwd: folder })
    return (await run('git', ['rev-parse', '--show-toplevel'], { cwd: folder })).stdout.trim()
  } catch {
    return undefined
  }
}

async function whatRuns({ pool, config }: Context): Promise<Manifest | undefined> {
  const split = await readSplit(pool, config.service)
  if (split === undefined) return undefined
  return (await findRelease(pool, config.service, split.current))?.manifest
}

function againStep(layout: Layout, named: string, onRead: (manifest: Manifest) => void): Step {
  return {
    id: 'make',
    title: 'Find the release',
    async run() {
      const manifest = await readRelease(layout, named.replace(/^release-/, '') as ReleaseId)
      onRead(manifest)
      return `${manifest.release}, made ${manifest.madeAt.slice(0, 10)} by ${manifest.madeBy}`
    },
  }
}

const leftOut = (why: string): Step => ({
  id: 'checks',
  title: 'Check it',
  skip: () => why,
  run: async () => '',
})

function proposalOf(manifest: Manifest, running: Manifest, groups: readonly string[], actor: string) {
  const { service, release, source } = manifest
  const needs = groups.map(changeOfGroup)
  const plan: ReleasePlan = {
    service,
    release,
    before: running.release,
    digest: `${running.digest} ${manifest.digest}`,
    needs,
  }
  return {
    change: changeOf(release),
    actor,
    kind: 'release',
    plan,
    title: source.title ?? `Release ${release} from ${source.from}`,
    control: 'subjects',
    dependsOn: needs,
    size: { unit: 'release', n: 1 },
  } as const
}

async function holdLock({ pool, config, actor }: Context): Promise<{ release(): Promise<void> }> {
  const holder = `${actor}/${process.pid}/${Date.now()}`
  const lease = createLease(pool, { name: shipLease(config.service), holder, ttlMs: lockMs })
  const epoch = await lease.acquire()
  if (epoch === undefined) {
    throw new SankofaError('STEP_FAILED', {
      what: `Somebody else ships ${config.service} now.`,
      next: 'Look at it with "sankofa status"; try again when it is done. The lock of one that died ends after 15 s.',
    })
  }
  const renewing = setInterval(() => void lease.renew(epoch).catch(() => {}), lockMs / 3)
  return {
    async release() {
      clearInterval(renewing)
      await lease.release(epoch).catch(() => {})
    },
  }
}

async function follow(
  { journal, pool, config }: Context,
  release: ReleaseId,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const change = changeOf(release)
  const hosts = await readHosts(pool, config.service)
  say(
    `\nIt goes out by itself from here on ${hosts.map(({ host }) => host).join(', ')}; Ctrl-C only stops looking. Take it back with: sankofa back`,
  )
  const { ending, state } = await followChange(journal, change, { afterId: 0n, say, signal })
  switch (ending) {
    case 'kept':
      return say(`\n${release} is what everybody gets.`)
    case 'left':
      return say(
        `\nIt goes on without you. "sankofa status" shows how far it is, "sankofa why ${change}" the evidence.`,
      )
    case 'taken back':
    case 'refused':
      say(
        `\n${state?.undoneBecause?.reason ?? state?.refusal?.reason ?? 'It did not stay out.'} See "sankofa why ${change}".`,
      )
      throw new AnswerIsNo()
    default:
      return ending satisfies never
  }
}
