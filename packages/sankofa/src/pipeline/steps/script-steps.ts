import type { Project, Scripts } from '../project.ts'
import type { CommandResult } from '../run-command.ts'
import { runInStep, type Step, seconds, stepFailed } from '../step.ts'
import { failingTests, failingWords } from './failing-tests.ts'

export type ScriptOptions = {
  /** What the result depends on, such as the digest of the tree: done once for it, the step is not repeated. */
  readonly key?: () => string | Promise<string>
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** The project's own linter. */
export const lintStep = (project: Project, options: ScriptOptions = {}): Step =>
  scriptStep(project, 'lint', 'Lint', options, () => ({
    what: 'The linter found something.',
    next: 'Mend what the last lines name, then run this again.',
  }))

/** The project's own type check. */
export const typecheckStep = (project: Project, options: ScriptOptions = {}): Step =>
  scriptStep(project, 'typecheck', 'Check types', options, ({ stdout }) => {
    const errors = stdout.split('\n').filter((line) => /^[^>].*\berror TS\d+:/.test(line))
    const first = errors[0]?.trim()
    return {
      what:
        first === undefined
          ? 'The types do not fit.'
          : `${errors.length} type ${errors.length === 1 ? 'error' : 'errors'}, the first: ${first}`,
      next: 'Mend them, then run this again.',
    }
  })

/** The project's own tests; a failure names the first failing test. */
export const testStep = (project: Project, options: ScriptOptions = {}): Step =>
  scriptStep(project, 'test', 'Run the tests', options, ({ stdout, stderr }) => {
    const failing = failingTests(`${stdout}\n${stderr}`)
    return {
      what: failing.length === 0 ? 'The tests failed.' : `A test failed: ${failingWords(failing)}.`,
      next: 'Mend it, then run this again.',
    }
  })

/** The project's own build. */
export const buildStep = (project: Project, options: ScriptOptions = {}): Step =>
  scriptStep(project, 'build', 'Build', options, () => ({
    what: 'The build failed.',
    next: 'Read the last lines, mend it, then run this again.',
  }))

function scriptStep(
  { scripts, commands, directory }: Project,
  purpose: keyof Scripts,
  title: string,
  { key, env = {} }: ScriptOptions,
  explain: (result: CommandResult) => { readonly what: string; readonly next: string },
): Step {
  const script = scripts[purpose]
  return {
    id: purpose,
    title,
    ...(key === undefined ? {} : { key }),
    skip: () => (script === undefined ? `package.json has no script for it ("${purpose}")` : undefined),
    async run(context) {
      const command = commands.run(script ?? purpose)
      const result = await runInStep(command, context, { cwd: directory, env })
      if (result.code === 0) return `${command.join(' ')} passed in ${seconds(result.tookMs)}`
      const { what, next } = explain(result)
      const ended = result.endedBy === null ? '' : ` It was ended by ${result.endedBy}.`
      throw stepFailed(`${what}${ended}`, next)
    },
  }
}
