import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type pg from 'pg'
import { type Logger, pino } from 'pino'
import { type ChangeId, changeId, type ReleaseId } from '../../core/index.ts'
import { createLease, watcherLease } from '../../db/index.ts'
import { type Journal, openJournal, propose, requestGo } from '../../journal/index.ts'
import { defineFlag, type Flag, type FlagDeclaration } from '../flag.ts'
import { createFlagClient, type FlagClient, type FlagClientOptions } from '../flag-client.ts'

/** @internal For the tests of this part. */
export const release = 'test-release' as ReleaseId

export const aFlag = (declaration: Partial<FlagDeclaration<unknown>> = {}): Flag =>
  defineFlag({ id: 'new-checkout', title: 'New checkout', owner: 'payments', expires: '2099-12-31', ...declaration })

export const subjects = (n: number): readonly string[] => Array.from({ length: n }, (_, index) => `customer-${index}`)

export async function withFolder<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'sankofa-flags-'))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

export type LogLines = { readonly log: Logger; readonly messages: string[] }

/** A logger whose messages a test can read. */
export function recordLog(): LogLines {
  const messages: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      messages.push((JSON.parse(String(chunk)) as { msg: string }).msg)
      done()
    },
  })
  return { log: pino(stream), messages }
}

/** A started client, stopped when `use` ends. */
export async function withClient<T>(
  options: Omit<FlagClientOptions, 'log' | 'secret' | 'tunables' | 'flags'> & Partial<FlagClientOptions>,
  use: (client: FlagClient) => Promise<T>,
): Promise<T> {
  const client = createFlagClient({
    flags: [aFlag()],
    tunables: [],
    secret: 'secret',
    log: recordLog().log,
    ...options,
  })
  await client.start()
  try {
    return await use(client)
  } finally {
    await client.stop()
  }
}

/** The leader's epoch; the lease outlives the test. */
export async function lead(pool: pg.Pool): Promise<bigint> {
  const epoch = await createLease(pool, { name: watcherLease, holder: 'test', ttlMs: 600_000 }).acquire()
  if (epoch === undefined) throw new Error('another holds the lease')
  return epoch
}

export type Rollout = {
  readonly change: ChangeId
  readonly journal: Journal
  readonly epoch: bigint
  /** Journals that a step begins; `share` 0 is a pause. */
  begin(stage: number, share: number, shareBefore: number): Promise<void>
  done(stage: number, share: number): Promise<void>
}

const stages = [0.02, 0.1, 0.5, 0.99].map((share) => ({
  share,
  ruleOutRatio: undefined,
  ruleOutExcess: undefined,
  minimumMs: 0,
}))

/** A change that the journal shows as started, with nothing exposed yet. */
export async function startRollout(
  pool: pg.Pool,
  epoch: bigint,
  options: {
    readonly change?: string
    readonly kind?: 'flag' | 'tunable'
    readonly plan?: unknown
    readonly salt?: string
  } = {},
): Promise<Rollout> {
  const journal = openJournal(pool)
  const change = changeId(options.change ?? 'new-checkout')
  const kind = options.kind ?? 'flag'
  await propose(journal, {
    change,
    kind,
    actor: 'ama',
    plan: options.plan ?? { flag: 'new-checkout' },
    title: 'New checkout',
    control: kind === 'flag' ? 'subjects' : 'none',
    dependsOn: [],
    size: { unit: 'flags', n: 1 },
  })
  await requestGo(journal, { change, actor: 'ama', unproved: 'a test of the kind alone' })
  await journal.append(
    {
      change,
      type: 'started',
      actor: 'watcher',
      data: {
        salt: options.salt ?? 'a-salt-of-the-test',
        stages: kind === 'flag' ? stages : [{ ...stages[0], share: 1 } as (typeof stages)[number]],
        guards: [],
        alpha: 0.01,
        sampleRate: 1,
        unproved: 'a test of the kind alone',
        forecast: { requestsPerSecond: 0, subjectsPerWindow: 0, sentence: '', stages: [], cannotSee: [] },
      },
    },
    { epoch },
  )
  return {
    change,
    journal,
    epoch,
    async begin(stage, share, shareBefore) {
      const reason = share === 0 ? { reason: 'nobody reports' } : {}
      const data = { stage, share, shareBefore, ...reason }
      await journal.append({ change, type: 'exposing', actor: 'watcher', data }, { epoch })
    },
    async done(stage, share) {
      await journal.append({ change, type: 'exposed', actor: 'watcher', data: { stage, share } }, { epoch })
    },
  }
}
