import { join } from 'node:path'
import { type ChangeId, type ReleaseId, SankofaError } from '../../core/index.ts'
import { bootstrap } from '../../db/index.ts'
import { foldChange, propose, requestGo } from '../../journal/index.ts'
import { runSteps, type Step, type StepContext } from '../../pipeline/index.ts'
import {
  type ChangeSize,
  type Layout,
  layoutOf,
  type MadeRelease,
  type Manifest,
  readHosts,
  readRelease,
  registerRelease,
  whatIsNew,
} from '../../release/index.ts'
import { type Context, openContext } from '../context.ts'
import { findDatabaseUrl, findDirectory, hasDatabaseUrl, loadConfig } from '../find-config.ts'
import { keepOutOfGit } from '../keep-out-of-git.ts'
import { AnswerIsNo } from '../output.ts'
import type { ReleaseSettings } from '../release-settings.ts'
import { baseOfRunning } from '../ship/base.ts'
import { checkSteps, makeStep } from '../ship/checks.ts'
import { expandStep, pendingGroups } from '../ship/expand.ts'
import { followChange } from '../ship/follow.ts'
import { holdLock } from '../ship/hold-lock.ts'
import { startHost } from '../ship/host-here.ts'
import { journalSteps } from '../ship/journalled.ts'
import { removeCopies } from '../ship/layout-of-checks.ts'
import { placeStep, reachStep } from '../ship/place-step.ts'
import { showReadably } from '../ship/readable.ts'
import { freeChange, proposalOf } from '../ship/release-change.ts'
import { whatRuns } from '../ship/running.ts'
import { type SourceOptions, sourceOf } from '../ship/source.ts'
import { startStep } from '../ship/start-step.ts'
import { stepsDone } from '../ship/steps-done.ts'
import { toProveOf } from '../ship/to-prove.ts'
import { isWatched } from '../watched.ts'

export type ShipOptions = SourceOptions & {
  readonly json?: boolean
  readonly big?: string
  readonly later?: readonly string[]
  /** Why its own checks are not run. */
  readonly unchecked?: string
  readonly port: number
  readonly consolePort: number
  readonly follow: boolean
}

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
  await keepOutOfGit(directory)
  const say = (line: string): void => void (options.json === true ? process.stderr : process.stdout).write(`${line}\n`)
  // Before anything is started for it.
  const { hosts } = releaseSettings((await loadConfig(process.env, from)).config.release)
  // A host of this machine is none of theirs.
  if (hosts !== undefined) findDatabaseUrl(process.env, directory)
  if (!hasDatabaseUrl(process.env, directory)) await startHere(directory, options, ending.signal, say)
  const context = await openContext({ maximumConnections: 4 })
  try {
    await bootstrap(context.pool)
    // Before anything is read: what runs must not change between the look and the step.
    const lock = await holdLock(context)
    const shipped = await ship(context, target, options, ending.signal, say).finally(lock.release)
    if (options.follow) await follow(context, shipped, ending.signal, say)
  } finally {
    await context.pool.end()
  }
}

/** `change` is absent where there is nothing to follow: the first release, or one that everybody has. */
type Shipped = { readonly release: ReleaseId; readonly change: ChangeId | undefined; readonly afterId: bigint }

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
  say(`The console's token is in ${host.tokenFile}. Stop it all with: sankofa host --stop`)
}

async function ship(
  context: Context,
  target: string | undefined,
  options: ShipOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Shipped> {
  const { config, pool, journal, actor, directory } = context
  const { service } = config
  const settings = releaseSettings(config.release)
  const layout = layoutOf(join(directory, 'host'))
  const source = target === undefined ? await sourceOf(options, process.env.INIT_CWD ?? process.cwd()) : undefined
  const running = await whatRuns(context)
  const groups = await pendingGroups(context, options.later ?? [])
  const repository = source?.kind === 'git' ? source.repository : undefined
  const base = await baseOfRunning(repository, running)
  let made: Pick<MadeRelease, 'manifest'> | undefined
  let size: ChangeSize | undefined
  let change: ChangeId | undefined
  let afterId = 0n
  const manifestNow = (): Manifest => {
    if (made === undefined) throw new Error('no release was made')
    return made.manifest
  }

  /** What runs needs no second way. */
  const runsAlready = (): string | undefined =>
    running !== undefined && made?.manifest.release === running.release
      ? `${running.release} is what everybody gets already`
      : undefined
  const unlessRuns = (step: Step): Step => ({ ...step, skip: () => runsAlready() ?? step.skip?.() })
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
    ...[
      ...(settings.hosts === undefined ? [] : [reachStep(settings.hosts, manifestNow)]),
      {
        id: 'propose',
        title: 'Propose the change',
        async run() {
          const manifest = manifestNow()
          await registerRelease(pool, { manifest, size: undefined, news: undefined })
          if (running === undefined) return `${manifest.release} is the first release of ${service}`
          const known = await freeChange(journal, manifest.release)
          change = known.change
          afterId = known.lastId
          if (!known.isOut) await propose(journal, proposalOf(known.change, { manifest, running, groups, actor }))
          shipJournal.belongsTo(change)
          return known.isOut ? `${change} is out already` : change
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
            base,
            migrations: toProveOf(groups.length === 0 ? undefined : await context.loadMigrations(), groups),
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
          const { commit } = manifest.source
          if (repository === undefined || base.commit === undefined || commit === undefined)
            return { skipped: base.words }
          const news = await whatIsNew({ repository, from: base.commit, to: commit })
          await registerRelease(pool, { manifest, size, news })
          return `${news.commits.length} ${news.commits.length === 1 ? 'commit' : 'commits'} since ${running?.release}`
        },
      },
      ...(settings.hosts === undefined ? [] : [placeStep(settings.hosts, layout, manifestNow)]),
      expandStep(context, groups),
      startStep(context, manifestNow, running),
      {
        id: 'go',
        title: 'Let it go',
        skip: () => (running === undefined ? 'it is the first: everybody gets it' : undefined),
        async run({ log }: StepContext) {
          if (change === undefined) throw new Error('no change was proposed')
          const state = foldChange(await journal.read({ change }))
          if (state?.state === 'exposed' || state?.state === 'bake') return 'it goes out already'
          if (state?.pending?.want !== 'go') await requestGo(journal, { change, actor })
          if (!(await isWatched(pool))) log('! No watcher runs, so nothing happens yet. Start one: "sankofa watch".')
          return `asked for ${change}`
        },
      },
    ].map(unlessRuns),
  ]

  const shipJournal = journalSteps(journal, actor, new Map(steps.map(({ id, title }) => [id, title])))
  const view = await showReadably(steps, options.json === true)
  try {
    const outcome = await runSteps(steps, {
      onEvent(event) {
        // A list needs to hear of each step; a log has no use for a dozen times the same.
        const isTold = event.type === 'skipped' && event.reason === runsAlready() && process.stdout.isTTY !== true
        if (!isTold) view.onEvent(event)
        shipJournal.onEvent(event)
      },
      remember: stepsDone(join(directory, 'ship-steps.json')),
      signal,
    })
    const lost = await shipJournal.flush()
    await view.end(outcome)
    if (lost > 0 && change !== undefined) say(`! ${lost} steps could not be written into the journal.`)
    if (outcome.state !== 'done') throw new AnswerIsNo()
  } finally {
    await removeCopies(layout)
  }
  const { release } = manifestNow()
  if (runsAlready() !== undefined) say(`${runsAlready()}: nothing is to be done.`)
  if (running === undefined)
    say(`${release} is what everybody gets: it is the first, so there was nothing to compare it with.`)
  return { release, change, afterId }
}

const releaseSettings = (settings: ReleaseSettings | undefined): ReleaseSettings => {
  if (settings !== undefined) return settings
  throw new SankofaError('SETTINGS_WRONG', {
    problems: [
      "release: not set in sankofa.config.ts; expected how the service is started, such as release: { start: ['node', 'server.ts'] }.",
    ],
  })
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

async function follow(
  { journal, pool, config }: Context,
  { release, change, afterId }: Shipped,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  if (change === undefined) return
  const hosts = await readHosts(pool, config.service)
  say(
    `\nIt goes out by itself from here on ${hosts.map(({ host }) => host).join(', ')}; Ctrl-C only stops looking. Take it back with: sankofa back`,
  )
  const { ending, state } = await followChange(journal, change, { afterId, say, signal })
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
