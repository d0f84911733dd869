import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from '#harness'
import { secret, until } from '../../gateway/testing/fixture.ts'
import { freePort } from '../../host/free-port.ts'
import { type HaproxyOptions, haproxyConfig, haproxyMap, haproxyPaths } from '../config.ts'
import { type HaproxyDriver, haproxyDriver } from '../driver.ts'

/** Not installed: install haproxy (apt install haproxy) to run these tests. */
export const hasHaproxy = ((): boolean => {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

export type StartedHaproxy = { readonly port: number; readonly driver: HaproxyDriver; readonly log: () => string }

export async function startHaproxy(options: Partial<HaproxyOptions> = {}): Promise<StartedHaproxy> {
  const root = mkdtempSync(join(tmpdir(), 'sankofa-haproxy-'))
  const port = await freePort(new Set())
  const paths = haproxyPaths(root)
  writeFileSync(paths.config, haproxyConfig({ port, root, secret, ...options }), { mode: 0o600 })
  writeFileSync(paths.map, haproxyMap)
  const child = spawn('haproxy', ['-db', '-f', paths.config], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(root, { recursive: true, force: true })
  })
  const driver = haproxyDriver(paths)
  let isUp = false
  await until(() => {
    if (child.exitCode !== null) throw new Error(log)
    void driver.status().then(
      () => {
        isUp = true
      },
      () => {},
    )
    return isUp
  })
  return { port, driver, log: () => log }
}
