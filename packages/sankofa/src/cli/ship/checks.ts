import { existsSync } from 'node:fs'
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
  makeRelease,
  measureSize,
  proposeSplit,
  type Source,
  type SplitPart,
} from '../../release/index.ts'
import type { Context } from '../context.ts'
import { type Budget, defaultBudget, type ReleaseSettings, startSettings } from '../release-settings.ts'
import type { Base } from './base.ts'
import { layoutOfChecks } from './layout-of-checks.ts'
import { type ToProve, toProveOptions } from './to-prove.ts'

/** What is to be shipped, and what it is checked against. */
export type Checked = {
  readonly context: Pick<Context, 'config' | 'loadMigrations' | 'actor'>
  readonly settings: ReleaseSettings
  readonly layout: Layout
  readonly source: Source
  /** Of the git repository that the change is measured in; absent where there is none. */
  readonly repository: string | undefined
  readonly base: Base
  readonly migrations: ToProve
  /** A person's reason to let a large change through. */
  readonly big: string | undefined
  onSize?(size: ChangeSize): void
}

const timeWords = (ms: number): string => (ms < 1_000 ? '' : ` (${(ms / 1_000).toFixed(1)} s)`)

const telling: ReadonlySet<string> = new Set(['look', 'files', 'dependencies', 'install', 'build'])

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
        onStep: ({ step, state, detail = 'done', tookMs = 0 }) => {
          // Those that take no time say nothing that a person asks.
          if (state === 'done' && (telling.has(step) || tookMs > 1_000))
            // What is not shipped is told once, below.
            log(`${step}: ${step === 'files' ? detail.split('; ')[0] : detail}${timeWords(tookMs)}`)
        },
      })
      onMade(made)
      const warned = made.warnings.map((warning) => `; ! ${warning}`).join('')
      return `release ${made.manifest.release}${made.reused ? ', made before' : ''}${warned}`
    },
  }
}

/** The project's own checks, in a copy of what is shipped: the folder of whoever ships is not touched. */
export function checkSteps(checked: Checked): readonly Step[] {
  const { context, settings, source, layout, migrations } = checked
  const place = layoutOfChecks(layout)
  let copy: MadeRelease | undefined
  let project: Project | undefined
  const key = (): string => `${copy?.manifest.digest ?? ''} ${process.versions.node}`
  const later = (id: string, title: string, make: (project: Project) => Step): Step => ({
    id,
    title,
    key,
    // One above the copy would be another project's.
    skip: () => (project === undefined ? 'there is no package.json in what is shipped' : make(project).skip?.()),
    run: (step) => (project === undefined ? Promise.reject(new Error('there is no project')) : make(project).run(step)),
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
        await run.run(step)
        const path = copy?.path ?? ''
        project = existsSync(join(path, 'package.json')) ? readProject(path) : undefined
        return source.kind === 'git' ? 'only what is committed is in it' : 'the folder as it is'
      },
    },
    {
      ...later('audit', 'Look for known faults in dependencies', auditStep),
      key: () => `${key()} ${new Date().toISOString().slice(0, 10)}`,
    },
    later('lint', 'Lint', lintStep),
    later('typecheck', 'Check types', typecheckStep),
    later('test', 'Run the tests', testStep),
    measureStep(checked),
    proveStep(migrations, context),
  ]
}

/** Proves nothing again that was proved for these very migrations. */
function proveStep(migrations: ToProve, context: Checked['context']): Step {
  const { shadowUrl } = context.config.migrations ?? {}
  const step = proveMigrationsStep({
    read: async () => migrations.set,
    ...toProveOptions(migrations),
    ...(shadowUrl === undefined ? {} : { shadowUrl }),
  })
  return { ...step, key: () => migrations.digest, skip: () => migrations.none }
}

/** The size against what runs, or the upstream branch; it says which. */
export function measureStep(
  checked: Pick<Checked, 'settings' | 'repository' | 'source' | 'base' | 'big' | 'onSize'>,
): Step {
  const { settings, repository, source, base, big } = checked
  const budget: Budget = { ...defaultBudget, ...settings.budget }
  const to = source.kind === 'git' ? source.ref : undefined
  let measured: ChangeSize | undefined
  const step = sizeStep({
    async measure(signal) {
      if (repository === undefined || base.commit === undefined || to === undefined) return undefined
      measured = await measureSize({ repository, from: base.commit, to, signal })
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
  return {
    ...step,
    skip: () => (base.commit === undefined ? base.words : undefined),
    async run(context) {
      context.log(`measured against ${base.words}`)
      const said = await step.run(context)
      return typeof said === 'string' ? `${said}, against ${base.words}` : said
    },
  }
}

function partWords({ title, kind, files, lines, flag, isTooLarge }: SplitPart, index: number): string {
  const behind = flag === undefined ? '' : `, behind a flag such as "${flag}"`
  const still = isTooLarge ? ', still large by itself' : ''
  return `${index + 1}. ${kind === 'migration' ? `migration ${title}` : title}: ${lines} lines in ${files.length} files${behind}${still}`
}
