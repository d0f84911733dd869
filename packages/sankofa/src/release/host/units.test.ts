import { execFile } from 'node:child_process'
import { accessSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from '#harness'
import { systemdUnits } from './units.ts'

const hasSystemd = (process.env.PATH ?? '').split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, 'systemd-analyze'))
    return true
  } catch {
    return false
  }
})

/** @returns what systemd says of the units; empty when it has nothing to say */
async function verify(units: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sankofa-units-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const files = Object.entries(units).map(([name, text]) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  })
  const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', ...files]).catch(
    (error: { stderr: string }) => error,
  )
  // It names what it finds wrong with units of the machine too.
  return stderr
    .split('\n')
    .filter((line) => line.includes('sankofa-host'))
    .join('\n')
}

describe('the systemd units', () => {
  const given = {
    root: '/srv/my shop/100%',
    command: [process.execPath, '/srv/my shop/sankofa.js', 'host', '--say', 'a "$word"'],
    user: userInfo().username,
    environmentFile: '/etc/sankofa/host.env',
    port: 8080,
  }

  test('let releases live through a restart of the keeper, and restart it always', () => {
    const { 'sankofa-host.service': service, 'sankofa-host.socket': socket } = systemdUnits(given)

    expect(service).toMatch(/^KillMode=process$/m)
    expect(service).toMatch(/^Restart=always$/m)
    expect(service).toMatch(/^EnvironmentFile=\/etc\/sankofa\/host\.env$/m)
    expect(service).toMatch(/^WorkingDirectory=\/srv\/my shop\/100%%$/m)
    expect(service).not.toMatch(/^(MemoryDenyWriteExecute|SystemCallFilter)=/m)
    expect(socket).toMatch(/^ListenStream=8080$/m)
    expect(systemdUnits({ root: '/srv', command: ['/n'], user: 'u', port: 1 })['sankofa-host.service']).not.toContain(
      'EnvironmentFile',
    )
  })

  test.skipIf(!hasSystemd)(
    'are what systemd understands (skipped where systemd-analyze is not installed)',
    async () => {
      const units = systemdUnits(given)
      const mutant = units['sankofa-host.service'].replace('Restart=always', 'Restart=allways')

      expect(await verify(units)).toBe('')
      expect(await verify({ ...units, 'sankofa-host.service': mutant })).toContain('allways')
    },
  )
})
