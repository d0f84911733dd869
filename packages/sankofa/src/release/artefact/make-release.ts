import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { ReleaseId } from '../../core/index.ts'
import { SankofaError } from '../../core/index.ts'
import type { Layout } from '../layout.ts'
import { type Manifest, parseManifest, type StartSettings } from '../release.ts'
import { checkLinks } from './check-links.ts'
import { platform } from './dependencies/package-manager.ts'
import { toolEnvironment } from './dependencies/store.ts'
import { digestOf, listFiles, type ShippedFile } from './file-list.ts'
import { finishRelease, type Making, type MakingSettings } from './finish-release.ts'
import { withLock } from './lock.ts'
import { partName, removePart } from './maker.ts'
import { type MadeRelease, reusable } from './reuse.ts'
import { runCommand } from './run-command.ts'
import { applyPatch } from './source/apply-patch.ts'
import { gatherFromDirectory } from './source/from-directory.ts'
import { findCommit, gatherFromGit } from './source/from-git.ts'
import { gatherFromTarball } from './source/from-tarball.ts'
import { type Gathered, nameOf, type Source } from './source/source.ts'
import { createSteps, type StepNews } from './steps.ts'
import { toUnwritable } from './unwritable.ts'

export type MakeOptions = {
  readonly layout: Layout
  readonly service: string
  readonly source: Source
  readonly start: StartSettings
  /** Run in the release's folder after the install, such as `['npm', 'run', 'build']`. */
  readonly build?: readonly string[]
  /** Leave development dependencies out. Not unless told: what runs TypeScript is often among them. */
  readonly omitDev?: boolean
  readonly madeBy: string
  readonly onStep?: (news: StepNews) => void
  readonly signal?: AbortSignal
}

/**
 * Makes a release of a service: its files, its dependencies from the store, its manifest. Built aside and renamed, so that a
 * kill at any instant leaves the whole release or none; `pruneReleases` clears what a killed maker left.
 *
 * Its id tells what is in it: 10 digits of the commit (`.` and 6 of the patch), or `d` and 10 of the content's digest. What
 * was made before of the same content, with the same settings, build, Node and platform, is used again at once; with other
 * ones it gets `.s` and 6 digits of them.
 *
 * @throws SankofaError `RELEASE_SOURCE_WRONG`, `RELEASE_FILES_REFUSED`, `DEPENDENCIES_UNLOCKED`, `RELEASE_STEP_FAILED`,
 * `RELEASE_UNWRITABLE`, `RELEASE_DAMAGED`; the signal's reason when aborted
 */
export async function makeRelease(options: MakeOptions): Promise<MadeRelease> {
  const { layout, source, signal } = options
  const steps = createSteps(options.onStep, signal)
  const settings: MakingSettings = {
    service: options.service,
    start: options.start,
    build: options.build ?? [],
    omitDev: options.omitDev ?? false,
    node: process.versions.node,
    platform,
  }
  checkSettings(options)
  let folder: string | undefined
  try {
    let known: Known | undefined
    await steps.run('look', async () => {
      known = await look(source, signal)
      return known?.commit === undefined ? nameOf(source) : `${known.commit.id.slice(0, 10)} ${known.commit.title}`
    })
    const before = known === undefined ? undefined : await reusable(layout, known.id, settings)
    if (before?.manifest !== undefined)
      return { ...before, manifest: before.manifest, reused: true, steps: steps.done(), warnings: [] }

    const part = partName(layout.release(known?.id ?? ('incoming' as ReleaseId)))
    folder = part
    await mkdir(part, { recursive: true })
    let gathered: Gathered | undefined
    let files: readonly ShippedFile[] = []
    await steps.run('files', async () => {
      gathered = await gather(options, known, part)
      if (source.kind !== 'tarball' && source.patch !== undefined) await applyPatch(part, source.patch, signal)
      files = await listFiles(part)
      return [`${files.length} files`, ...gathered.warnings].join('; ')
    })
    if (gathered === undefined || files.length === 0)
      throw new SankofaError('RELEASE_SOURCE_WRONG', {
        source: nameOf(source),
        reason: 'there is no file in it that could be shipped',
        next: 'Look whether it is ignored by git, or committed at all.',
      })
    const { source: from, warnings } = gathered
    const digest = digestOf(files)
    const id = known?.id ?? (`d${digest.slice(0, 10)}` as ReleaseId)

    return await withLock(layout.release(id), signal, async () => {
      const made = await reusable(layout, id, settings)
      if (made.manifest !== undefined)
        return { ...made, manifest: made.manifest, reused: true, steps: steps.done(), warnings }
      const making: Making = {
        layout,
        id: made.id,
        folder: part,
        files,
        digest,
        settings,
        seed: source.kind === 'directory' ? source.path : undefined,
        named: nameOf(source),
        steps,
        signal,
        build: (built) => build(built, options),
        describe: (builtDigest) => ({
          format: 1,
          service: options.service,
          release: made.id,
          digest: builtDigest,
          source: from,
          madeAt: new Date().toISOString(),
          madeBy: options.madeBy,
          node: settings.node,
          platform,
          start: options.start,
        }),
      }
      return { ...(await finishRelease(making)), steps: steps.done(), warnings }
    })
  } catch (error) {
    throw toUnwritable(error, 'making the release', folder ?? layout.root)
  } finally {
    if (folder !== undefined) await removePart(folder)
  }
}

type Known = {
  readonly id: ReleaseId
  readonly commit: { readonly id: string; readonly title: string; readonly author: string }
}

/** The id before anything is copied, where the source tells it. */
async function look(source: Source, signal: AbortSignal | undefined): Promise<Known | undefined> {
  if (source.kind !== 'git') return undefined
  const commit = await findCommit(source, signal)
  const patched =
    source.patch === undefined ? '' : `.${createHash('sha256').update(source.patch).digest('hex').slice(0, 6)}`
  return { id: `${commit.id.slice(0, 10)}${patched}` as ReleaseId, commit }
}

async function gather(options: MakeOptions, known: Known | undefined, folder: string): Promise<Gathered> {
  const { source, signal, layout } = options
  switch (source.kind) {
    case 'git':
      return gatherFromGit(source, known?.commit ?? (await findCommit(source, signal)), folder, signal)
    case 'directory':
      return gatherFromDirectory(source, folder, { hostRoot: layout.root, signal })
    case 'tarball':
      return gatherFromTarball(source, folder, signal)
    default:
      return source satisfies never
  }
}

async function build(folder: string, options: MakeOptions): Promise<string | undefined> {
  if (options.build === undefined || options.build.length === 0) return undefined
  await runCommand(options.build, {
    doing: 'its build',
    cwd: folder,
    signal: options.signal,
    environment: toolEnvironment(folder, options.start.environment),
  })
  await checkLinks(folder, 'what the build made')
  return options.build.join(' ')
}

/** A manifest that nobody could read again must not be found out after the install. */
function checkSettings(options: MakeOptions): void {
  const sample = {
    format: 1,
    service: options.service,
    release: 'sample',
    digest: 'sample',
    source: { kind: options.source.kind, from: '' },
    madeAt: 'now',
    madeBy: options.madeBy,
    node: 'any',
    platform: 'any',
    start: options.start,
  } satisfies Record<keyof Manifest, unknown>
  if (parseManifest(sample) !== undefined) return
  throw new SankofaError('RELEASE_SOURCE_WRONG', {
    source: nameOf(options.source),
    reason: `its start settings are wrong: ${JSON.stringify(options.start)}`,
    next: 'A command is needed, paths begin with "/", readyWithinMs is at least 100, stopWithinMs at least 0.',
  })
}
