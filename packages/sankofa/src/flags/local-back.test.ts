import { stat, utimes, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { changeId } from '../core/index.ts'
import { backLocal, forgetLocal, journalledLocal, localOverrides, overridesFile, pendingLocal } from './local-back.ts'
import { stateFile } from './state-file.ts'
import { withFolder } from './testing/fixtures.ts'

const checkout = changeId('new-checkout')
const search = changeId('new-search')
const by = { actor: 'kofi', reason: 'payments fail' }

test('a local back keeps who, when and why, and is pending until it is journalled', () =>
  withFolder(async (directory) => {
    const at = new Date('2026-11-23T14:20:00Z')
    await backLocal(directory, checkout, { ...by, at })

    expect(await pendingLocal(directory)).toEqual([{ change: checkout, ...by, at, journalled: false }])

    await journalledLocal(directory, checkout)

    expect(await pendingLocal(directory)).toEqual([])
    expect(await localOverrides(directory)).toEqual([{ change: checkout, ...by, at, journalled: true }])
  }))

test('forgetting one change leaves the others in force', () =>
  withFolder(async (directory) => {
    await backLocal(directory, checkout, by)
    await backLocal(directory, search, by)

    await forgetLocal(directory, checkout)

    expect((await localOverrides(directory)).map((back) => back.change)).toEqual([search])
  }))

test('no local back is lost when many are written at once', () =>
  withFolder(async (directory) => {
    const changes = Array.from({ length: 30 }, (_, n) => changeId(`change-${n}`))

    await Promise.all(changes.map((change) => backLocal(directory, change, by)))

    const kept = (await localOverrides(directory)).map((back) => back.change)
    expect(kept.sort()).toEqual([...changes].sort())
  }))

test('the file is for its owner only', () =>
  withFolder(async (directory) => {
    await backLocal(directory, checkout, by)

    expect((await stat(overridesFile(directory))).mode & 0o777).toBe(0o600)
  }))

test('a file that was damaged by hand is named and not overwritten', () =>
  withFolder(async (directory) => {
    await writeFile(overridesFile(directory), '{"overrides": oops')

    await expect(backLocal(directory, checkout, by)).rejects.toMatchObject({ code: 'OVERRIDES_UNREADABLE' })
    await expect(localOverrides(directory)).rejects.toThrow(overridesFile(directory))
  }))

test('a lock that a killed process left behind does not stop a local back', () =>
  withFolder(async (directory) => {
    const lock = `${overridesFile(directory)}.lock`
    await writeFile(lock, '')
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(lock, longAgo, longAgo)

    await backLocal(directory, checkout, by)

    expect(await pendingLocal(directory)).toHaveLength(1)
  }))

test('says whether it made a difference here, so that a misspelt name is noticed', () =>
  withFolder(async (directory) => {
    expect(await backLocal(directory, checkout, by)).toMatchObject({ effect: 'unknown' })
    const row = { flag: 'new-checkout', goId: '1', salt: 's', stage: 1, shareBefore: 0, settled: false }
    const flags = [
      { ...row, change: checkout, share: 0.5 },
      { ...row, change: search, share: 0 },
    ]
    await writeFile(stateFile(directory), JSON.stringify({ format: 1, asOfMs: 1, flags, tunables: [], watches: [] }))

    expect(await backLocal(directory, checkout, by)).toMatchObject({ effect: 'taken back' })
    expect(await backLocal(directory, search, by)).toMatchObject({ effect: 'was not out' })
    expect(await backLocal(directory, changeId('new-chekout'), by)).toMatchObject({ effect: 'was not out' })
  }))
