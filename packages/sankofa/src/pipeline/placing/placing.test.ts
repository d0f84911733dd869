import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type FakeProgram, fakeProgram } from '../testing/fake-program.ts'
import { dockerComposePlacer } from './docker-compose.ts'
import { kamalPlacer } from './kamal.ts'
import type { PlacedRelease } from './placer.ts'
import { pm2Placer } from './pm2.ts'
import { systemdPlacer, systemdTemplate } from './systemd.ts'

// The engines themselves are not on the machines that run these tests: what is shown is how they are called, and what
// is made of their answers as their own documentation has them.

function temporary(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-placing-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const releaseIn = (folder: string, id = 'abc1234567', port = 5101): PlacedRelease => ({
  id,
  path: folder,
  port,
  command: ['node', 'server.ts', '--quiet'],
  environment: { PASSWORD: 'se"cret $1' },
  health: '/health',
})

const argsOf = (program: FakeProgram): readonly string[] => program.calls().map(({ args }) => args.join(' '))
const healthy = async (): Promise<boolean> => true
const common = { service: 'market', publicPort: 8080 } as const

const pm2List = (...processes: readonly { name: string; status?: string; port: number }[]) => ({
  when: ['jlist'],
  stdout: `>>>> In-memory PM2 is out-of-date\n${JSON.stringify(processes.map(({ name, status = 'online', port }) => ({ name, pm2_env: { status, PORT: String(port) } })))}\n`,
})

test('PM2 starts a release once, on its own port, with its secrets off the command line', async () => {
  const folder = temporary()
  const pm2 = fakeProgram(folder, 'pm2', ['PORT', 'SANKOFA_RELEASE', 'PASSWORD'])
  const placer = pm2Placer({ ...common, env: pm2.env, ask: healthy })
  const release = releaseIn(folder)

  await placer.start(release)

  const started = pm2.calls().find(({ args }) => args[0] === 'start')
  expect(started?.args).toEqual([
    'start',
    'node',
    '--name',
    'market-abc1234567',
    '--cwd',
    folder,
    '--interpreter',
    'none',
    '--',
    'server.ts',
    '--quiet',
  ])
  expect(started?.env).toEqual({ PORT: '5101', SANKOFA_RELEASE: 'abc1234567', PASSWORD: 'se"cret $1' })
  expect(started?.cwd).toBe(folder)

  pm2.answers([pm2List({ name: 'market-abc1234567', port: 5101 })])
  await placer.start(release)
  expect(argsOf(pm2)).toEqual(['jlist'])
})

test('PM2 says what became of a release', async () => {
  const folder = temporary()
  const pm2 = fakeProgram(folder, 'pm2')
  let answers = false
  const asked: string[] = []
  const ask = async (url: string): Promise<boolean> => {
    asked.push(url)
    return answers
  }
  const placer = pm2Placer({ ...common, env: pm2.env, ask })
  const health = async (status: string) => {
    pm2.answers([pm2List({ name: 'market-abc1234567', status, port: 8080 })])
    return placer.health(releaseIn(folder))
  }

  expect(await health('errored')).toBe('failed')
  expect(await health('launching')).toBe('starting')
  expect(await health('online')).toBe('starting')
  answers = true
  expect(await health('online')).toBe('ready')
  expect(asked.at(-1)).toBe('http://127.0.0.1:8080/health')
  pm2.answers([])
  expect(await placer.health(releaseIn(folder))).toBe('failed')
})

test('PM2 hands the public port over by stopping who has it, and nothing more when it is said again', async () => {
  const folder = temporary()
  const pm2 = fakeProgram(folder, 'pm2', ['PORT'])
  const placer = pm2Placer({ ...common, env: pm2.env, ask: healthy })
  const list = (oldPort: number, newPort: number) =>
    pm2.answers([
      pm2List(
        { name: 'market-old', port: oldPort },
        { name: 'market-abc1234567', port: newPort },
        { name: 'other', port: 8080 },
      ),
    ])

  list(8080, 5101)
  await placer.weight(releaseIn(folder), 1)
  const calls = pm2.calls().filter(({ args }) => args[0] !== 'jlist')
  expect(calls.map(({ args }) => args.slice(0, 2).join(' '))).toEqual([
    'stop market-old',
    'delete market-abc1234567',
    'start node',
  ])
  expect(calls.at(-1)?.env).toEqual({ PORT: '8080' })

  list(5100, 8080)
  await placer.weight(releaseIn(folder), 1)
  expect(new Set(argsOf(pm2))).toEqual(new Set(['jlist']))
})

test('PM2 starts a release again that was stopped when another one got its port', async () => {
  const folder = temporary()
  const pm2 = fakeProgram(folder, 'pm2')
  const placer = pm2Placer({ ...common, env: pm2.env, ask: healthy })
  const stopped = { name: 'market-abc1234567', status: 'stopped', port: 8080 }
  const acts = (): readonly string[] =>
    argsOf(pm2)
      .map((line) => line.split(' ')[0] ?? '')
      .filter((verb) => verb !== 'jlist')
  pm2.answers([pm2List(stopped)])

  await placer.weight(releaseIn(folder), 1)
  expect(acts()).toEqual(['delete', 'start'])

  await placer.start(releaseIn(folder))
  expect(acts()).toEqual(['delete', 'start'])
})

test.for(['PM2', 'docker compose', 'systemd', 'Kamal'])(
  '%s refuses a share between 0 and 1, and said so before',
  async (name) => {
    const folder = temporary()
    const options = { ...common, composeService: 'app', environments: folder, directory: folder }
    const make = { PM2: pm2Placer, 'docker compose': dockerComposePlacer, systemd: systemdPlacer, Kamal: kamalPlacer }[
      name
    ]
    const placer = make?.(options)

    await expect(placer?.weight(releaseIn(folder), 0.1)).rejects.toMatchObject({
      code: 'PLACER_CANNOT',
      message: expect.stringContaining(`${name} cannot give a release 10 % of the requests. Give 0 or 1`),
    })
    expect(placer?.cannot.join()).toContain('no share between 0 and 1')
  },
)

test.for(['PM2', 'docker compose', 'systemd'])('%s leaves shares to a gateway where there is one', async (name) => {
  const folder = temporary()
  const given: number[] = []
  const route = async (_: PlacedRelease, share: number): Promise<void> => void given.push(share)
  const options = { ...common, composeService: 'app', environments: folder, directory: folder, route }
  const make = { PM2: pm2Placer, 'docker compose': dockerComposePlacer, systemd: systemdPlacer }[name]
  const placer = make?.(options)

  await placer?.weight(releaseIn(folder), 0.1)

  expect(given).toEqual([0.1])
  expect(placer?.cannot.join()).not.toContain('share')
})

test('a program that fails is told with its own words; one that is not there is named', async () => {
  const folder = temporary()
  const pm2 = fakeProgram(folder, 'pm2')
  pm2.answers([{ when: ['start'], code: 1, stderr: '[PM2][ERROR] Script not found' }])

  await expect(pm2Placer({ ...common, env: pm2.env }).start(releaseIn(folder))).rejects.toMatchObject({
    code: 'PLACER_FAILED',
    message: expect.stringMatching(/"pm2 start node .*ended with 1: \[PM2\]\[ERROR\] Script not found/),
  })
  await expect(pm2Placer({ ...common, env: { PATH: folder } }).start(releaseIn(folder))).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
  })
})

test('an abort ends the program that hangs', async () => {
  const folder = temporary()
  const docker = fakeProgram(folder, 'docker')
  docker.answers([{ when: ['up'], hangs: true }])
  const abort = new AbortController()
  const placer = dockerComposePlacer({ ...common, composeService: 'app', env: docker.env, signal: abort.signal })

  const starting = placer.start(releaseIn(folder))
  await expect.poll(() => docker.calls().length, { timeout: 10_000 }).toBe(1)
  abort.abort(new Error('stop'))

  await expect(starting).rejects.toThrow('stop')
})

test('docker compose runs a release as a project of its own, and hands the port over by publishing it', async () => {
  const folder = temporary()
  const docker = fakeProgram(folder, 'docker', ['PORT', 'SANKOFA_RELEASE'])
  const placer = dockerComposePlacer({ ...common, composeService: 'app', env: docker.env, ask: healthy })
  const release = releaseIn(folder, 'abc.f00')
  const project = `compose --project-name market-abc-f00 --project-directory ${folder}`

  await placer.start(release)
  await placer.weight(release, 1)
  await placer.stop(release)

  const calls = docker.calls()
  expect(calls.map(({ args }) => args.join(' '))).toEqual([
    `${project} up --detach --no-deps app`,
    `${project} up --detach --no-deps app`,
    `${project} down`,
  ])
  expect(calls.map(({ env }) => env.PORT)).toEqual(['5101', '8080', '5101'])
  expect(calls[0]?.env.SANKOFA_RELEASE).toBe('abc.f00')
})

test('docker compose says what became of a release, in both formats, and asks the port that is published', async () => {
  const folder = temporary()
  const docker = fakeProgram(folder, 'docker')
  const asked: string[] = []
  const ask = async (url: string): Promise<boolean> => {
    asked.push(url)
    return true
  }
  const placer = dockerComposePlacer({ ...common, composeService: 'app', env: docker.env, ask })
  const health = (stdout: string) => {
    docker.answers([{ when: ['ps'], stdout }])
    return placer.health(releaseIn(folder))
  }

  expect(await health('')).toBe('failed')
  expect(await health('[{"State":"exited","Health":""}]')).toBe('failed')
  expect(await health('{"State":"running","Health":"starting"}\n')).toBe('starting')
  expect(await health('{"State":"running","Health":"unhealthy"}\n')).toBe('failed')
  expect(asked).toEqual([])
  expect(
    await health('{"State":"running","Health":"healthy","Publishers":[{"PublishedPort":0},{"PublishedPort":8080}]}\n'),
  ).toBe('ready')
  expect(asked).toEqual(['http://127.0.0.1:8080/health'])
})

test('Kamal pulls first, boots to give the requests, and boots the version before to take them back', async () => {
  const folder = temporary()
  const kamal = fakeProgram(folder, 'kamal')
  const runs = (version: string) =>
    kamal.answers([
      { when: ['app', 'version'], stdout: `App Host: 10.0.0.1\n${version}\n\nApp Host: 10.0.0.2\n${version}\n\n` },
    ])
  const placer = kamalPlacer({ directory: folder, env: kamal.env })
  const release = releaseIn(folder)
  const acted = (): readonly string[] => argsOf(kamal).filter((line) => !line.startsWith('app version'))

  runs('old111')
  await placer.start(release)
  await placer.weight(release, 0)
  await placer.weight(release, 1)
  expect(acted()).toEqual(['build pull --version=abc1234567', 'app boot --version=abc1234567'])

  runs('abc1234567')
  expect(await placer.health(release)).toBe('ready')
  await placer.weight(release, 1)
  await placer.weight(release, 0)
  expect(acted()).toEqual(['app boot --version=old111'])

  // "kamal app stop" would stop what runs now, which is the other one.
  runs('old111')
  await placer.stop(release)
  expect(acted()).toEqual([])
})

test('Kamal refuses to take requests from the only version there ever was', async () => {
  const folder = temporary()
  const kamal = fakeProgram(folder, 'kamal')
  kamal.answers([{ when: ['app', 'version'], stdout: 'App Host: h\nabc1234567\n' }])

  await expect(kamalPlacer({ directory: folder, env: kamal.env }).weight(releaseIn(folder), 0)).rejects.toMatchObject({
    code: 'PLACER_CANNOT',
    message: expect.stringContaining('no version ran before it'),
  })
})

test('systemd starts an instance with an environment that only its owner reads', async () => {
  const folder = temporary()
  const systemctl = fakeProgram(folder, 'systemctl')
  const environments = join(folder, 'env')
  const placer = systemdPlacer({ ...common, environments, env: systemctl.env, ask: healthy })
  const release = releaseIn(folder)
  const file = join(environments, 'abc1234567.env')

  await placer.start(release)
  expect(argsOf(systemctl)).toEqual(['start market@abc1234567.service'])
  expect(readFileSync(file, 'utf8')).toBe('PASSWORD="se\\"cret $1"\nPORT="5101"\nSANKOFA_RELEASE="abc1234567"\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)

  writeFileSync(join(environments, 'old.env'), 'PORT="8080"\n')
  writeFileSync(join(environments, 'warm.env'), 'PORT="5103"\n')
  systemctl.answers([
    {
      when: ['list-units'],
      stdout: 'market@old.service loaded active running market\nmarket@warm.service loaded active running market\n',
    },
  ])
  await placer.weight(release, 1)
  expect(argsOf(systemctl).slice(1)).toEqual([
    'disable --now market@old.service',
    'restart market@abc1234567.service',
    'enable market@abc1234567.service',
  ])
  expect(readFileSync(file, 'utf8')).toContain('PORT="8080"')

  // Said again after a crash: it keeps the port it has.
  await placer.start(release)
  expect(readFileSync(file, 'utf8')).toContain('PORT="8080"')

  await placer.stop(release)
  expect(existsSync(file)).toBe(false)
})

test.for([
  ['active', true, 'ready'],
  ['active', false, 'starting'],
  ['activating', true, 'starting'],
  ['failed', true, 'failed'],
  ['inactive', true, 'failed'],
] as const)('a unit that is %s and answers %s is %s', async ([state, answers, expected]) => {
  const folder = temporary()
  const systemctl = fakeProgram(folder, 'systemctl')
  systemctl.answers([{ when: ['show'], stdout: `${state}\n` }])

  const placer = systemdPlacer({ ...common, environments: folder, env: systemctl.env, ask: async () => answers })

  expect(await placer.health(releaseIn(folder))).toBe(expected)
})

const hasAnalyze = ((): boolean => {
  try {
    return execFileSync('systemd-analyze', ['--version'], { stdio: 'pipe' }).length > 0
  } catch {
    return false
  }
})()

test.skipIf(!hasAnalyze)('systemd itself accepts the template unit', () => {
  const folder = temporary()
  const file = join(folder, 'market@.service')
  writeFileSync(
    file,
    systemdTemplate({
      service: 'market',
      releases: folder,
      environments: folder,
      command: [process.execPath, 'server.ts', '100 % of $HOME "quoted"'],
      runAs: 'root',
      stopWithinS: 30,
    }),
  )

  const said = execFileSync('systemd-analyze', ['verify', file.replace('@.', '@abc.')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

  expect(said).toBe('')
  expect(readFileSync(file, 'utf8')).toContain('"100 %% of $$HOME \\"quoted\\""')
})
