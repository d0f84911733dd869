import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  auditStep,
  lintStep,
  type Project,
  proveMigrationsStep,
  readProject,
  type Step,
  sizeStep,
  testStep,
  typecheckStep,
} from '../../pipeline/index.ts'
import {
  type ChangeSize,
  type Layout,
  type MadeRelease,
  type Manifest,
  makeRelease,
  measureSize,
  proposeSplit,
  type Source,
  type SplitPart,
} from '../../release/index.ts'
import type { Context } from '../context.ts'
import { type Budget, defaultBudget, type ReleaseSettings, startSettings } from '../release-settings.ts'

/** What is to be shipped, and what it is checked against. */
export type Checked = {
  readonly context: Pick<Context, 'config' | 'loadMigrations' | 'actor'>
  readonly settings: ReleaseSettings
  readonly layout: Layout
  readonly source: Source
  /** Of the git repository that the change is measured in; absent where there is none. */
  readonly repository: string | undefined
  /** What runs; absent for the first release. */
  readonly running: Manifest | undefined
  /** Groups of migrations that go out with it. */
  readonly groups: readonly string[]
  /** A person's reason to let a large change through. */
  readonly big: string | undefined
  onSize?(size: ChangeSize): void
}

/** The same store, another folder: what is checked is made like what is shipped, and is gone afterwards. */
export const layoutOfChecks = (layout: Layout): Layout => {
  const releases = join(layout.root, 'checks')
  return {
    ...layout,
    releases,
    release: (id) => join(releases, id),
    part: (id) => join(releases, `${id}.part`),
  }
}

export function makeStep(
  options: Pick<Checked, 'context' | 'settings' | 'source'> & { readonly layout: Layout; readonly title: string },
  onMade: (made: MadeRelease) => void,
): Step {
  const { context, settings, source, layout, title } = options
  return {
    id: 'make',
    title,
    async run({ log, signal }) {
      const made = await makeRelease({
        layout,
        service: context.config.service,
        source,
        start: startSettings(settings),
        ...(settings.build === undefined ? {} : { build: settings.build }),
        ...(settings.omitDev === undefined ? {} : { omitDev: settings.omitDev }),
        madeBy: context.actor,
        signal,
        onStep: ({ step, state, detail, tookMs }) => {
          if (state === 'done')
            log(`${step}: ${detail ?? 'done'}${tookMs === undefined ? '' : ` (${Math.round(tookMs)} ms)`}`)
        },
      })
      onMade(made)
      for (const warning of made.warnings) log(`! ${warning}`)
      const warned = made.warnings.length === 0 ? '' : `; ${made.warnings.join('; ')}`
      return `release ${made.manifest.release}${made.reused ? ', made before' : ''}${warned}`
    },
  }
}

/** The project's own checks, in a copy of what is shipped: the folder of whoever ships is not touched. */
export function checkSteps(checked: Checked): readonly Step[] {
  const { context, settings, source, layout, groups } = checked
  const place = layoutOfChecks(layout)
  let copy: MadeRelease | undefined
  let project: Project | undefined
  const projectOf = (): Project => {
    if (project === undefined) throw new Error('the copy to be checked was not made')
    return project
  }
  const key = (): string => copy?.manifest.digest ?? ''
  const later = (id: string, title: string, make: (project: Project) => Step): Step => ({
    id,
    title,
    key,
    skip: () => make(projectOf()).skip?.(),
    run: (step) => make(projectOf()).run(step),
  })
  return [
    {
      id: 'copy',
      title: 'Make a copy to be checked',
      async run(step) {
        const run = makeStep(
          { context, settings: { ...settings, omitDev: false }, source, layout: place, title: '' },
          (made) => {
            copy = made
          },
        )
        const said = await run.run(step)
        project = readProject(copy?.path ?? '')
        return said
      },
    },
    {
      ...later('audit', 'Look for known faults in dependencies', auditStep),
      key: () => `${key()} ${new Date().toISOString().slice(0, 10)}`,
    },
    later('lint', 'Lint', lintStep),
    later('typecheck', 'Check types', typecheckStep),
    later('test', 'Run the tests', testStep),
    {
      id: 'tidy',
      title: 'Remove the copy',
      async run() {
        if (copy !== undefined) await rm(copy.path, { recursive: true, force: true, maxRetries: 5 })
        return 'removed'
      },
    },
    measureStep(checked),
    proveMigrationsStep({
      read: async () => {
        const set = groups.length === 0 ? undefined : await context.loadMigrations()
        return set
      },
      ...(groups[0] === undefined ? {} : { from: groups[0], to: groups.at(-1) ?? groups[0] }),
      ...(context.config.migrations?.shadowUrl === undefined ? {} : { shadowUrl: context.config.migrations.shadowUrl }),
    }),
  ]
}

function measureStep(checked: Checked): Step {
  const { settings, repository, source, running, big } = checked
  const budget: Budget = { ...defaultBudget, ...settings.budget }
  const from = running?.source.commit
  const to = source.kind === 'git' ? source.ref : undefined
  let measured: ChangeSize | undefined
  return sizeStep({
    async measure(signal) {
      if (repository === undefined || from === undefined || to === undefined) return undefined
      measured = await measureSize({ repository, from, to, signal })
      checked.onSize?.(measured)
      return { ...measured, dependencies: measured.dependencies.filter(({ named }) => named) }
    },
    budget,
    async propose() {
      if (repository === undefined || measured === undefined) return []
      const { parts, rule } = await proposeSplit({ repository, size: measured, budget })
      return [...parts.map(partWords), rule]
    },
    ...(big === undefined ? {} : { big }),
  })
}

function partWords({ title, kind, files, lines, flag, isTooLarge }: SplitPart, index: number): string {
  const behind = flag === undefined ? '' : `, behind a flag such as "${flag}"`
  const still = isTooLarge ? ', still large by itself' : ''
  return `${index + 1}. ${kind === 'migration' ? `migration ${title}` : title}: ${lines} lines in ${files.length} files${behind}${still}`
}
