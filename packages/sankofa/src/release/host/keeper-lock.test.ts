import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from '#harness'
import { takeKeeperLock } from './keeper-lock.ts'
import { systemProcesses } from './process-identity.ts'

function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'sankofa-lock-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}
const dead = JSON.stringify({ pid: process.pid, started: 'another time' })
const locksOf = (root: string): readonly string[] => readdirSync(root)

describe('the lock of a host', () => {
  test('is refused while its holder lives, and free when it was given back', () => {
    const root = newRoot()
    const lock = takeKeeperLock(root)

    expect(() => takeKeeperLock(root)).toThrow(
      expect.objectContaining({ code: 'HOST_HELD', details: { root, pid: process.pid } }),
    )
    expect(locksOf(root)).toEqual(['host.lock'])
    lock.release()
    takeKeeperLock(root).release()

    expect(locksOf(root)).toEqual([])
  })

  for (const [what, text] of [
    ['a dead holder, whose number a living process has', dead],
    ['a file that was torn', '{"pi'],
    ['an empty file', ''],
  ] as const) {
    test(`is taken over from ${what}`, () => {
      const root = newRoot()
      writeFileSync(join(root, 'host.lock'), text)

      const lock = takeKeeperLock(root)

      expect(JSON.parse(readFileSync(join(root, 'host.lock'), 'utf8'))).toEqual(systemProcesses.identify(process.pid))
      lock.release()
      expect(locksOf(root)).toEqual([])
    })
  }

  test('is taken over also when the first successor died while it took over', async () => {
    const root = newRoot()
    writeFileSync(join(root, 'host.lock'), dead)
    const program = `
      const fs = require('node:fs')
      const rename = fs.renameSync
      fs.renameSync = (from, to) => (to.endsWith('host.lock') ? process.kill(process.pid, 'SIGKILL') : rename(from, to))
      require('node:module').syncBuiltinESMExports()
      import(process.argv[1]).then(({ takeKeeperLock }) => takeKeeperLock(process.argv[2]))`
    await expect(runNode(['-e', program, lockModule, root])).rejects.toMatchObject({ signal: 'SIGKILL' })
    expect(locksOf(root).some((name) => name.startsWith('host.lock.after-'))).toBe(true)

    takeKeeperLock(root).release()

    expect(locksOf(root)).toEqual([])
  })

  test('of six that take over a dead one at the same moment, exactly one has it', async () => {
    const root = newRoot()
    writeFileSync(join(root, 'host.lock'), dead)
    const program = `
      const [, module, root, atMs] = process.argv
      import(module).then(({ takeKeeperLock }) => {
        while (Date.now() < Number(atMs));
        try {
          takeKeeperLock(root)
          console.log('has it')
        } catch (error) {
          console.log(error.code)
        }
        setTimeout(() => {}, 2_000)
      })`
    const atMs = String(Date.now() + 2_000)

    const all = await Promise.all(Array.from({ length: 6 }, () => runNode(['-e', program, lockModule, root, atMs])))

    expect(all.map(({ stdout }) => stdout.trim()).sort()).toEqual([...Array(5).fill('HOST_HELD'), 'has it'])
  })
})

const lockModule = new URL('./keeper-lock.ts', import.meta.url).href
const runNode = (given: readonly string[]) =>
  promisify(execFile)(process.execPath, ['--conditions=sankofa-source', ...given], {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
