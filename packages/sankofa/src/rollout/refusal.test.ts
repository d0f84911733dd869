import { expect, test } from 'vitest'
import { changeId, SankofaError } from '../core/index.ts'
import { isRefusal } from './refusal.ts'

const failed = (code: string | undefined): SankofaError =>
  new SankofaError(
    'MIGRATION_FAILED',
    { migration: '0001', doing: 'up', statement: '', reason: 'it fails', left: '' },
    { cause: Object.assign(new Error('it fails'), { code }) },
  )

test('a step that a release, a stash or the grammar refuses is not tried again', () => {
  const breaks = { group: '0001', direction: 'up', text: 'select 1', routes: [], reason: '', more: 0 } as const

  expect(isRefusal(new SankofaError('MIGRATION_BREAKS_RELEASE', breaks))).toBe(true)
  expect(isRefusal(new SankofaError('STASH_REFUSED', { migration: '0001', reason: '' }))).toBe(true)
  expect(isRefusal(new SankofaError('MIGRATION_EDITED', { edited: ['0001'] }))).toBe(true)
  for (const code of ['42703', '23505', '22P02', 'P0001', '0A000', '2BP01']) expect(isRefusal(failed(code))).toBe(true)
})

test('one that was in the way of others, or lost its server, is', () => {
  const blocked = { migration: '0001', tries: 3, waitedS: 9, by: [] }

  expect(isRefusal(new SankofaError('MIGRATION_BLOCKED', blocked))).toBe(false)
  expect(isRefusal(new SankofaError('MIGRATIONS_BUSY', { by: 'pid 1', waitedS: 9 }))).toBe(false)
  expect(isRefusal(new SankofaError('FLAG_TAKEN', { flag: 'a', change: changeId('a'), by: 'b' }))).toBe(false)
  expect(isRefusal(new SankofaError('DATABASE_UNREACHABLE', { where: 'there', reason: 'away' }))).toBe(false)
  expect(isRefusal(new SankofaError('RELEASE_NOT_READY', { release: 'a', host: 'b', why: 'it was killed.' }))).toBe(
    false,
  )
  expect(isRefusal(new Error('the disk is full'))).toBe(false)
  for (const code of ['40P01', '55P03', '57P01', '53300', '08006', 'ECONNRESET', undefined]) {
    expect(isRefusal(failed(code))).toBe(false)
  }
})
