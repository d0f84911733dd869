import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { expect, test } from '#harness'
import { sankofa } from './testing/project.ts'
import { git, serviceClone, serviceRepository } from './testing/service-project.ts'

const nowhere = ''
const github = '.github/workflows/sankofa.yml'

test('--ci writes what the CI of origin reads, --hooks what a push runs, and each again as long as nobody edits it', async () => {
  const folder = serviceRepository()
  git(folder, 'remote', 'add', 'origin', 'git@github.com:ama/shop.git')

  const check = await sankofa(folder, nowhere, 'check', '--ci')
  const ship = await sankofa(folder, nowhere, 'ship', '--ci')
  const hooks = await sankofa(folder, nowhere, 'ship', '--hooks', '--json')
  const workflow = readFileSync(join(folder, github), 'utf8')
  writeFileSync(join(folder, github), `${workflow}# ours\n`)
  const edited = await sankofa(folder, nowhere, 'ship', '--ci')

  expect([check.code, ship.code, hooks.code, edited.code]).toEqual([0, 0, 0, 1])
  expect(check.out).toContain(`Written: ${github}`)
  expect(Object.keys(parse(workflow).jobs)).toEqual(['check', 'ship'])
  expect(existsSync(join(folder, '.gitlab-ci.yml'))).toBe(false)
  expect(JSON.parse(hooks.out)).toEqual({ written: [{ file: 'lefthook.yml', state: 'written' }] })
  expect(edited.out).toContain('was edited since sankofa wrote it')
  expect(readFileSync(join(folder, github), 'utf8')).toBe(`${workflow}# ours\n`)
}, 60_000)

test('an origin that tells nothing gets both, a name only its own, and a wrong name neither', async () => {
  const both = serviceClone()
  const one = serviceClone()

  const all = await sankofa(both, nowhere, 'check', '--ci')
  const named = await sankofa(one, nowhere, 'check', '--ci', 'gitlab')
  const wrong = await sankofa(one, nowhere, 'check', '--ci', 'jenkins')

  expect(all.out).toMatch(/Written: \.github\/workflows\/sankofa\.yml\nWritten: \.gitlab-ci\.yml/)
  expect(named.code).toBe(0)
  expect(existsSync(join(one, '.github'))).toBe(false)
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('expected github or gitlab') })
}, 60_000)

test('--install writes the units into the project alone, and prints what root has to run', async () => {
  const folder = serviceRepository()

  const text = await sankofa(folder, nowhere, 'ship', '--install', '--user', 'shop', '--port', '8443')
  const json = await sankofa(folder, nowhere, 'ship', '--install', '--user', 'shop', '--port', '8443', '--json')

  const units = join(folder, '.sankofa', 'units')
  expect([text.code, json.code]).toEqual([0, 0])
  expect(readFileSync(join(units, 'sankofa-host.socket'), 'utf8')).toContain('ListenStream=8443')
  const unit = readFileSync(join(units, 'sankofa-host.service'), 'utf8')
  expect(unit).toContain('User=shop\n')
  expect(unit).toMatch(/^ExecStart=\/.* host --keep-running --port 8443/m)
  expect(unit).toContain('EnvironmentFile=/etc/sankofa/hello.env')
  expect(text.out).toContain('  systemctl enable --now sankofa-host.socket sankofa-host.service')
  expect(JSON.parse(json.out)).toMatchObject({ folder: units, user: 'shop', port: 8443 })
  expect(git(folder, 'status', '--porcelain')).toBe('')
}, 60_000)
