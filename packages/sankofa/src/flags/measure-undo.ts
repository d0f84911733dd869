import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { pino } from 'pino'
import { changeId } from '../core/index.ts'
import { bootstrap, createPool, inTransaction } from '../db/index.ts'
import { defineFlag } from './flag.ts'
import { createFlagClient, type FlagClient } from './flag-client.ts'
import { writeBack, writeExposure } from './flag-row.ts'
import { defineTunable, type Tunable } from './tunable.ts'
import { writeTunable, writeTunableBack } from './tunable-row.ts'

const change = changeId('sankofa-proof')
const obeyWithinMs = 5_000

/**
 * Takes a flag back on a server of its own, with the statements and the client that live changes use.
 *
 * @param url - of an empty or throw-away database
 * @returns ms until a running process evaluates the old path; `undefined` when it did not within 5 s
 */
export function measureFlagUndo(url: string): Promise<number | undefined> {
  const flag = defineFlag({
    id: 'sankofa-proof',
    title: 'proof',
    owner: 'sankofa',
    expires: '9999-12-31',
    named: { on: ['one'] },
  })
  const isOn = (client: FlagClient): boolean => client.isOn(flag, { subject: 'one' })
  return measure(url, {
    client: { flags: [flag], tunables: [] },
    go: (client) =>
      writeExposure(client, flag.id, change, { goId: 0n, salt: '', stage: 1, share: 0.5, shareBefore: 0 }, 0n),
    back: (client) => writeBack(client, flag.id, change, 0n),
    hasGone: isOn,
    isBack: (client) => !isOn(client),
  })
}

/** The same for a tunable: from `before` to `after` and back. */
export function measureTunableUndo(url: string, before: unknown, after: unknown): Promise<number | undefined> {
  const tunable: Tunable<unknown> = defineTunable({
    id: 'sankofa-proof',
    title: 'proof',
    owner: 'sankofa',
    initial: before,
    validate: (value) => value,
  })
  const shows = (client: FlagClient, value: unknown): boolean =>
    JSON.stringify(client.value(tunable)) === JSON.stringify(value)
  return measure(url, {
    client: { flags: [], tunables: [tunable] },
    go: (client) => writeTunable(client, tunable.id, change, { value: after, before }, 0n),
    back: (client) => writeTunableBack(client, tunable.id, change, 0n),
    hasGone: (client) => shows(client, after),
    isBack: (client) => shows(client, before),
  })
}

type Undoing = {
  readonly client: Pick<Parameters<typeof createFlagClient>[0], 'flags' | 'tunables'>
  go(client: pg.ClientBase): Promise<unknown>
  back(client: pg.ClientBase): Promise<unknown>
  hasGone(client: FlagClient): boolean
  isBack(client: FlagClient): boolean
}

async function measure(url: string, undoing: Undoing): Promise<number | undefined> {
  const pool = createPool({ url, applicationName: 'sankofa-proof' })
  const directory = await mkdtemp(join(tmpdir(), 'sankofa-proof-'))
  const log = pino({ enabled: false })
  const client = createFlagClient({ ...undoing.client, url, directory, secret: 'proof', log })
  try {
    await bootstrap(pool)
    await inTransaction(pool, undoing.go)
    await client.start()
    if (!(await within(obeyWithinMs, () => undoing.hasGone(client)))) return undefined
    const startedAtMs = performance.now()
    await inTransaction(pool, undoing.back)
    const obeyed = await within(obeyWithinMs, () => undoing.isBack(client))
    return obeyed ? Math.max(1, Math.round(performance.now() - startedAtMs)) : undefined
  } finally {
    await client.stop()
    await pool.end()
    await rm(directory, { recursive: true, force: true })
  }
}

async function within(limitMs: number, isTrue: () => boolean): Promise<boolean> {
  const giveUpAtMs = performance.now() + limitMs
  while (!isTrue()) {
    if (performance.now() > giveUpAtMs) return false
    await delay(2)
  }
  return true
}
