import { mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from '#harness'
import { lastWords, openLog, rotateLog } from './log-file.ts'

test('a log is private, keeps one older file, and is written on while it is cut', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sankofa-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'logs', 'a.log')
  const log = openLog(path)
  onTestFinished(() => log.close())
  writeSync(log.fd, 'earlier\n')
  const second = openLog(path)
  onTestFinished(() => second.close())
  writeSync(second.fd, `${'ä'.repeat(3_000)} last words\n`)

  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(lastWords(path, second.from)).toHaveLength(2_000)
  expect(lastWords(path, second.from)).toMatch(/^ä+ last words$/)
  expect(lastWords(path, second.from, 10_000)).not.toContain('earlier')
  rotateLog(path, 1_000_000)
  expect(statSync(path).size).toBeGreaterThan(3_000)
  rotateLog(path, 1_000)
  writeSync(second.fd, 'after\n')

  expect(readFileSync(path, 'utf8')).toBe('after\n')
  expect(readFileSync(`${path}.1`, 'utf8')).toMatch(/^earlier\n/)
  expect(lastWords(path, second.from)).toBe('after')
  expect(lastWords(join(folder, 'none'), 0)).toBe('')
})
