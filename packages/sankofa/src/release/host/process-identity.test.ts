import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from '#harness'
import { fromPs, systemProcesses } from './process-identity.ts'
import { becomes } from './testing/becomes.ts'

const isLinux = process.platform === 'linux'

describe('identity of a process', () => {
  test('is the same as long as it lives, and another for another process', () => {
    const me = systemProcesses.identify(process.pid)
    const parent = systemProcesses.identify(process.ppid)

    expect(systemProcesses.identify(process.pid)).toEqual(me)
    expect(me?.started).not.toBe(parent?.started)
    expect(me !== undefined && systemProcesses.isAlive(me)).toBe(true)
    expect(systemProcesses.isAlive({ pid: process.pid, started: 'another time' })).toBe(false)
  })

  test('a signal reaches only the very process, or its group', async () => {
    const child = spawn('sh', ['-c', 'sleep 60 & wait'], { detached: true, stdio: 'ignore' })
    await once(child, 'spawn')
    const identity = systemProcesses.identify(child.pid ?? 0)
    if (identity === undefined) throw new Error('the child is not seen')

    expect(systemProcesses.signal({ ...identity, started: 'another time' }, 'SIGKILL', 'group')).toBe(false)
    expect(systemProcesses.isAlive(identity)).toBe(true)
    expect(systemProcesses.signal(identity, 'SIGKILL', 'group')).toBe(true)
    await once(child, 'exit')
    expect(systemProcesses.signal(identity, 'SIGTERM', 'one')).toBe(false)
  })

  test.skipIf(!isLinux)('is read past a program name with spaces and parentheses', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sankofa-name-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const program = join(folder, 'a) S 1 (b')
    copyFileSync('/bin/sleep', program)
    const child = spawn(program, ['60'], { stdio: 'ignore' })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child, 'spawn')
    await becomes(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim(), 'a) S 1 (b')

    const identity = systemProcesses.identify(child.pid ?? 0)

    const ticks = Number(identity?.started.split('-').at(-1))
    const own = Number(systemProcesses.identify(process.pid)?.started.split('-').at(-1))
    expect(ticks).toBeGreaterThan(own)
  })

  test.skipIf(!isLinux)('a zombie is not alive', async () => {
    // The shell becomes a program that never waits for the child it inherits.
    const parent = spawn('sh', ['-c', 'sleep 0 & exec sleep 60'], { stdio: 'ignore' })
    onTestFinished(() => void parent.kill('SIGKILL'))
    await once(parent, 'spawn')
    const zombie = (): number | undefined =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .find((pid) => {
          try {
            return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(`) Z ${parent.pid} `)
          } catch {
            return false
          }
        })
    await becomes(() => zombie() !== undefined, true)
    const identity = systemProcesses.identify(zombie() ?? 0)

    expect(identity !== undefined && systemProcesses.isAlive(identity)).toBe(false)
  })

  test('is read from ps where there is no /proc', () => {
    const [me, parent] = [fromPs(process.pid), fromPs(process.ppid)]

    expect(me?.started).toMatch(/\d\d:\d\d:\d\d \d{4}$/)
    expect(fromPs(process.pid)?.started).toBe(me?.started)
    expect(parent?.state).toMatch(/^[A-Z]$/)
    expect(fromPs(2 ** 22 + 1)).toBeUndefined()
  })
})
