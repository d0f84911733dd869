import { spawn } from 'node:child_process'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { changeId } from 'sankofa/core'
import { type ChangeState, foldChange, requestBack } from 'sankofa/journal'
import { readSplit } from 'sankofa/release'
import { type BenchHost, commandLine, openHost, service } from './host.ts'
import { whatIsWrong } from './kills.ts'

/** Steps of `sankofa ship` at whose beginning it is killed. */
export const deployerMoments = ['make', 'propose', 'copy', 'news', 'start', 'go'] as const

export type DeployerKill = {
  readonly moment: string
  readonly signal: NodeJS.Signals | null
  readonly wrong: readonly string[]
}

/** Ships, kills the deployer with `kill -9` as a step begins, ships again, takes back; once for each moment. */
export async function runDeployerKills(
  databaseUrl: string,
  moments: readonly string[],
  log: (line: string) => void,
): Promise<readonly DeployerKill[]> {
  const host = await openHost(databaseUrl)
  const results: DeployerKill[] = []
  try {
    const first = await host.make('the first')
    for (const [index, moment] of moments.entries()) {
      const source = await writeSource(host, `deployed ${index}`)
      const killed = await ship(host, source, moment)
      const again = await shipUntilFree(host, source)
      const wrong: string[] = again.code === 0 ? [] : [`shipped again it ended with ${again.code}: ${again.said}`]
      const change = again.change
      if (change !== undefined) {
        await host.until(changeId(change), isShown)
        await requestBack(host.journal, { change, actor: 'bench', reason: 'bench' })
        await host.until(changeId(change), ({ state }) => state === 'undone')
        const records = await host.journal.read({ change: changeId(change) })
        const starts = records.filter(({ type }) => type === 'started').length
        if (starts !== 1) wrong.push(`it was started ${starts} times`)
        if (foldChange(records)?.ignored !== 0) wrong.push('the journal has records that do not fit')
      } else wrong.push('no change was shipped')
      const split = await readSplit(host.pool, service)
      if (split?.next !== undefined) wrong.push('a release is out still')
      for (let tries = 0; tries < 100 && (await whatIsWrong(host, first)).length > 0; tries++)
        await new Promise((resolve) => setTimeout(resolve, 200))
      wrong.push(...(await whatIsWrong(host, first)))
      results.push({ moment, signal: killed.signal, wrong })
      log(
        `${index + 1}/${moments.length} the deployer at "${moment}": ${wrong.length === 0 ? 'right' : wrong.join('; ')}`,
      )
    }
    return results
  } finally {
    await host.stop()
  }
}

const isShown = (state: ChangeState): boolean => state.share > 0 && state.inFlight === undefined

async function writeSource(host: BenchHost, text: string): Promise<string> {
  const source = join(host.directory, 'deployed')
  await rm(source, { recursive: true, force: true })
  await mkdir(source)
  await copyFile(new URL('service.ts', import.meta.url), join(source, 'service.ts'))
  await writeFile(
    join(source, 'package.json'),
    '{ "name": "bench", "version": "1.0.0", "type": "module", "private": true }',
  )
  await writeFile(join(source, 'text.txt'), text)
  return source
}

type Shipped = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly change: string | undefined
  readonly said: string
}

/** The lock of a deployer that was killed ends by itself; until then another is refused. */
async function shipUntilFree(host: BenchHost, source: string): Promise<Shipped> {
  for (let tries = 0; ; tries++) {
    const shipped = await ship(host, source, undefined)
    if (tries > 30 || !shipped.said.includes('its lock ends')) return shipped
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
}

function ship(host: BenchHost, source: string, killAt: string | undefined): Promise<Shipped> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...commandLine, 'ship', '--directory', source, '--no-follow', '--json'], {
      env: host.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let change: string | undefined
    let said = ''
    createInterface({ input: child.stdout }).on('line', (line) => {
      said = `${said}${line}\n`.slice(-2_000)
      const event = line.startsWith('{')
        ? (JSON.parse(line) as { type: string; id?: string; result?: string })
        : undefined
      if (event?.type === 'begun' && event.id === killAt) child.kill('SIGKILL')
      if (event?.type === 'done' && event.id === 'go') change = /release-[\w.-]+/.exec(event.result ?? '')?.[0]
      if (event?.type === 'done' && event.id === 'propose') change ??= /release-[\w.-]+/.exec(event.result ?? '')?.[0]
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-2_000)
    })
    child.on('close', (code, signal) => resolve({ code, signal, change, said }))
  })
}
