import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from '#harness'
import { findDatabaseUrl, hasDatabaseUrl } from './find-config.ts'

const url = 'postgres://somebody@127.0.0.1:1/somewhere'

function noted(startPid: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'sankofa-runtime-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'runtime.json'), JSON.stringify({ startPid, databaseUrl: url }))
  return directory
}

test('what a living process noted is where PostgreSQL is', () => {
  const directory = noted(process.pid)

  expect(hasDatabaseUrl({}, directory)).toBe(true)
  expect(findDatabaseUrl({}, directory)).toBe(url)
})

test('the note of a process that was killed means nothing', () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const directory = noted(pid)

  expect(hasDatabaseUrl({}, directory)).toBe(false)
  expect(() => findDatabaseUrl({}, directory)).toThrow(/nothing runs in/)
})
