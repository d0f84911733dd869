import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from '#harness'
import { freePort, startEmbedded } from './index.ts'

const script = fileURLToPath(new URL('./testing/hold-embedded.ts', import.meta.url))

function temporaryFolder(): string {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sankofa-embedded-'))
  chmodSync(base, 0o755)
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  return base
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  const result = await client.query(text)
  await client.end()
  return result.rows
}

async function holdServer(directory: string): Promise<{ child: ChildProcess; pid: number; url: string }> {
  const child = spawn(process.execPath, ['--conditions=sankofa-source', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  return { child, ...(JSON.parse(line.toString()) as { pid: number; url: string }) }
}

test('the server ends when its parent is killed, and the next start has the committed rows', async () => {
  const directory = join(temporaryFolder(), 'pg')
  const first = await holdServer(directory)
  await query(first.url, 'create table kept (n int); insert into kept values (7)')

  first.child.kill('SIGKILL')
  const [, signal] = await once(first.child, 'exit')

  expect(signal).toBe('SIGKILL')
  await vi.waitFor(() => expect(isAlive(first.pid)).toBe(false), { timeout: 10_000 })
  const second = await startEmbedded({ directory })
  expect(await query(second.url(), 'select kept.n from kept')).toEqual([{ n: 7 }])
  await second.stop()
  expect(isAlive(second.pid)).toBe(false)
})

function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    return Number.NaN
  }
}

test('a server that lost its guard as well is ended, and the next start takes the data over', async () => {
  const directory = join(temporaryFolder(), 'pg')
  const first = await holdServer(directory)
  await query(first.url, 'create table kept (n int); insert into kept values (7)')
  const guard = parentOf(first.pid)
  // The guard's other half ends the server when its parent is gone: it must not be there either.
  const halves = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid !== first.pid && parentOf(pid) === guard)
  expect(halves).toHaveLength(1)

  for (const pid of [...halves, guard]) process.kill(pid, 'SIGKILL')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  expect(isAlive(first.pid)).toBe(true)

  const second = await startEmbedded({ directory })
  expect(second.pid).not.toBe(first.pid)
  expect(await query(second.url(), 'select kept.n from kept')).toEqual([{ n: 7 }])
  await second.stop()
}, 40_000)

test('data that another program is using are left alone', async () => {
  const directory = join(temporaryFolder(), 'pg')
  const first = await holdServer(directory)

  await expect(startEmbedded({ directory })).rejects.toThrow(
    new RegExp(`in use by a running PostgreSQL \\(process ${first.pid}\\)`),
  )

  expect(isAlive(first.pid)).toBe(true)
}, 40_000)

test('data of another major version are refused in one sentence, and not touched', async () => {
  const directory = join(temporaryFolder(), 'pg')
  mkdirSync(directory)
  writeFileSync(join(directory, 'PG_VERSION'), '15\n')

  await expect(startEmbedded({ directory })).rejects.toThrow(/belong to PostgreSQL 15, and this is PostgreSQL 18/)

  expect(readFileSync(join(directory, 'PG_VERSION'), 'utf8')).toBe('15\n')
})

test('a taken port is named', async () => {
  const port = await freePort()
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => {
    other.close()
  })

  await expect(startEmbedded({ directory: join(temporaryFolder(), 'pg'), port })).rejects.toThrow(
    `Port ${port} is taken`,
  )
})

test('a full disk is named, with what is free and what is needed', async ({ skip }) => {
  const base = temporaryFolder()
  const small = join(base, 'small')
  mkdirSync(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', small], { stdio: 'ignore' })
  } catch {
    skip('only root can mount a small disk')
  }
  onTestFinished(() => {
    execFileSync('umount', [small])
  })

  await expect(startEmbedded({ directory: join(small, 'pg') })).rejects.toThrow(/Only 41 MB are free .* needs 300 MB/)
})

test('production is refused unless told otherwise by name', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })

  await expect(startEmbedded({ directory: join(temporaryFolder(), 'pg') })).rejects.toMatchObject({
    code: 'EMBEDDED_REFUSED',
  })
})

test('what SQL runs as a program finds no secret in its environment', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://shop:hunter2@live/shop')
  onTestFinished(() => void vi.unstubAllEnvs())
  const server = await startEmbedded({ directory: join(temporaryFolder(), 'pg') })
  onTestFinished(() => server.stop())
  const client = new pg.Client(server.url())
  await client.connect()
  await client.query(`create table seen (line text); copy seen from program 'env'`)
  const { rows } = await client.query<{ line: string }>('select seen.line from seen')
  await client.end()

  expect(rows.map(({ line }) => line).join()).toContain('PATH=')
  expect(rows.map(({ line }) => line).join()).not.toContain('hunter2')
})

test.each(['SIGKILL', 'SIGINT'] as const)('a scratch server leaves no folder behind after %s', async (signal) => {
  const child = spawn(
    process.execPath,
    ['--conditions=sankofa-source', fileURLToPath(new URL('./testing/hold-scratch.ts', import.meta.url))],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const [directory] = (await once(child.stdout, 'data')) as [Buffer]
  const base = join(directory.toString(), '..')
  expect(existsSync(base)).toBe(true)

  child.kill(signal)

  await vi.waitFor(() => expect(existsSync(base)).toBe(false), { timeout: 10_000 })
})
