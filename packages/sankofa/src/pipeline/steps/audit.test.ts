import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Project, readProject } from '../project.ts'
import { runCommand } from '../run-command.ts'
import { type RunOutcome, runSteps } from '../run-steps.ts'
import { startRegistry, type TestRegistry } from '../testing/npm-registry.ts'
import { readAudit } from './advisories.ts'
import { type AuditOptions, auditStep } from './audit.ts'

const id = 'GHSA-aaaa-bbbb-cccc'
const url = `https://github.com/advisories/${id}`
const publishedAt = new Date('2020-01-01')
const files = { 'index.js': '' }
const packages = [
  { name: 'leaky', version: '1.0.0', publishedAt, files },
  { name: 'through', version: '1.0.0', publishedAt, files, manifest: { dependencies: { leaky: '1.0.0' } } },
  { name: 'mild', version: '1.0.0', publishedAt, files },
]
const advisories = [
  { name: 'leaky', id: 101, url, title: 'leaks everything', severity: 'high', vulnerable_versions: '<1.0.1' },
  { name: 'mild', id: 102, url: 'https://x.test/102', title: 'mild', severity: 'moderate', vulnerable_versions: '*' },
] as const

let folder: string
let registry: TestRegistry
let silent: TestRegistry

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipeline-audit-'))
  registry = await startRegistry(join(folder), { packages, advisories })
  silent = await startRegistry(join(folder, 'silent'), { packages: [] })
}, 60_000)

afterAll(async () => {
  await registry.close()
  await silent.close()
  rmSync(folder, { recursive: true })
})

async function installed(name: string, manifest: Readonly<Record<string, unknown>>): Promise<Project> {
  const directory = join(folder, name)
  mkdirSync(directory)
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifest }))
  const { code, lastLines } = await runCommand(['npm', 'install'], { cwd: directory, env: registry.env })
  expect(code, lastLines.join('\n')).toBe(0)
  return readProject(directory)
}

const audit = (project: Project, options: AuditOptions = {}): Promise<RunOutcome> =>
  runSteps([auditStep(project, { env: registry.env, ...options })])

test('a high fault deep in production dependencies stops, until it is accepted, and again when that has ended', async () => {
  const project = await installed('deep', { dependencies: { through: '1.0.0', mild: '1.0.0' } })

  const found = await audit(project)
  expect(found.failure).toMatchObject({
    reason: `1 known fault in what runs in production: leaky: leaks everything (high, ${id}).`,
    next: expect.stringContaining('sankofa update'),
  })

  const acceptance = { id, reason: 'we never call it', until: '2026-12-31' }
  const accepted = await audit(project, { accepted: [acceptance], now: () => new Date('2026-12-30') })
  expect(accepted.steps[0]).toMatchObject({ state: 'done', detail: 'nothing high or critical, 1 lesser, 1 accepted' })
  const byNumber = await audit(project, { accepted: [{ ...acceptance, id: '101' }], now: () => new Date('2026-12-30') })
  expect(byNumber.state).toBe('done')

  const ended = await audit(project, { accepted: [acceptance], now: () => new Date('2027-01-01') })
  expect(ended.failure?.reason).toContain('accepted until 2026-12-31, which has passed')
}, 60_000)

test('a fault that only development has does not stop', async () => {
  const project = await installed('dev', { dependencies: { mild: '1.0.0' }, devDependencies: { leaky: '1.0.0' } })

  expect((await audit(project)).steps[0]).toMatchObject({ state: 'done', detail: 'nothing high or critical, 1 lesser' })
}, 60_000)

test('a registry without audits, or none that answers, is no finding and no pass: the step is skipped', async () => {
  const project = await installed('away', { dependencies: { mild: '1.0.0' } })

  const without = await audit(project, { env: silent.env })
  expect(without.steps[0]).toMatchObject({
    state: 'skipped',
    detail: expect.stringMatching(/the registry gave no audit \(404/),
  })

  const away = await audit(project, { env: { ...registry.env, npm_config_registry: 'http://127.0.0.1:9/' } })
  expect(away.steps[0]).toMatchObject({ state: 'skipped', detail: expect.stringContaining('ECONNREFUSED') })
}, 60_000)

test('an acceptance without reason or end is a wrong setting', async () => {
  const project = { lockFile: 'x' } as Project

  expect(() => auditStep(project, { accepted: [{ id, reason: ' ', until: 'soon' }] })).toThrow(
    /reason is empty[\s\S]*"until" is "soon"; expected a date/,
  )
})

const leaky = {
  ids: [id, '101'],
  package: 'leaky',
  severity: 'high',
  title: 'leaks everything',
  url,
  affected: '<1.0.1',
}

test.for([
  [
    'pnpm',
    JSON.stringify({
      advisories: {
        101: {
          id: 101,
          title: 'leaks everything',
          module_name: 'leaky',
          vulnerable_versions: '<1.0.1',
          severity: 'high',
          github_advisory_id: id,
          url,
        },
      },
      metadata: {},
    }),
  ],
  [
    'yarn-classic',
    [
      { type: 'info', data: 'Visit' },
      {
        type: 'auditAdvisory',
        data: {
          resolution: {},
          advisory: {
            id: 101,
            title: 'leaks everything',
            module_name: 'leaky',
            vulnerable_versions: '<1.0.1',
            severity: 'high',
            github_advisory_id: id,
            url,
          },
        },
      },
      {
        type: 'auditAdvisory',
        data: {
          resolution: {},
          advisory: {
            id: 101,
            title: 'leaks everything',
            module_name: 'leaky',
            vulnerable_versions: '<1.0.1',
            severity: 'high',
            github_advisory_id: id,
            url,
          },
        },
      },
      { type: 'auditSummary', data: {} },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  ],
  [
    'yarn-berry',
    `${JSON.stringify({ value: 'leaky', children: { ID: 101, Issue: 'leaks everything', URL: url, Severity: 'high', 'Vulnerable Versions': '<1.0.1', 'Tree Versions': ['1.0.0'] } })}\n`,
  ],
] as const)('the report of %s is read', ([manager, stdout]) => {
  expect(readAudit(manager, stdout, '')).toEqual({ advisories: [leaky] })
})

test.for([
  ['pnpm', '', 'Error: ERR_PNPM_AUDIT_BAD_RESPONSE\n × The audit endpoint (at https://r.test/) responded with 405'],
  ['yarn-classic', '{"type":"info","data":"Visit"}\n', '{"type":"error","data":"Error: returned a 405"}'],
  ['yarn-berry', 'RequestError: connect ECONNREFUSED 127.0.0.1:9', ''],
  ['npm', '{"message":"405 Method Not Allowed","statusCode":405,"error":{"summary":"","detail":""}}', ''],
  ['npm', '{"vulnerabilities":{"a":{"via":[{"name":"a","severity":"apocalyptic"}]}}}', ''],
] as const)('what %s says where it has no report is no report without findings', ([manager, stdout, stderr]) => {
  expect(readAudit(manager, stdout, stderr)).toEqual({ unknown: expect.stringMatching(/.+/) })
})
