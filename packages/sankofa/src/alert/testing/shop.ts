import { pino } from 'pino'
import type { TestDatabase } from '#harness'
import { type ChangeId, type Clock, changeId } from '../../core/index.ts'
import { type JournalRecord, type NewRecord, openJournal, type RecordType } from '../../journal/index.ts'
import type { Guard, Reading } from '../../judge/index.ts'
import { type Alerter, createAlerter } from '../alerter.ts'
import type { AlertSettings, NamedAttempt } from '../settings.ts'

export const checkout: NamedAttempt = {
  name: 'checkout',
  attempted: 'checkout.attempted',
  completed: 'order.paid',
  owner: {
    problem: 'Checkout problem',
    couldNot: 'could not pay for orders',
    previous: 'the previous checkout',
    normal: 'payments',
  },
}

/** A minute that the tests begin at. Everything in them is told relative to it. */
const startMs = Date.parse('2026-11-23T13:20:00Z')
export const atSecond = (second: number): Date => new Date(startMs + second * 1_000)

export type VirtualClock = Clock & { set(second: number): void }
export function virtualClock(): VirtualClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
    set(second) {
      nowMs = startMs + second * 1_000
    },
  }
}

/** An alerter on a virtual clock that writes its log to nowhere. */
export const alerterOn = (db: TestDatabase, clock: Clock, settings: AlertSettings = {}): Alerter =>
  createAlerter({
    pool: db.pool,
    journal: openJournal(db.pool),
    settings: { timeZone: 'Africa/Lagos', ...settings },
    attempts: [checkout],
    service: 'the shop',
    clock,
    log: pino({ level: 'silent' }),
  })

const guards: readonly Guard[] = [
  { id: 'business checkout', measure: 'business', attempt: 'checkout', weight: 0.5 },
  { id: 'errors', measure: 'errors', weight: 0.5 },
]

export const readingOf = (leading: string, harmed: number): Reading => ({
  verdict: 'undo',
  stage: 1,
  logEvidence: 9.2,
  threshold: 4.6,
  leading,
  guards: [
    {
      guard: leading,
      logEvidence: 9.2,
      exposed: { subjects: 41, failures: harmed },
      control: { subjects: 790, failures: 1 },
      logClear: undefined,
    },
  ],
  subjectsHarmed: harmed,
  sampleRatio: { exposed: 41, control: 790, logEvidence: 0 },
})

/** Writes records of one change at told seconds, as the watcher and people would. */
export function changeStory(db: TestDatabase, name = 'demo-broken-checkout') {
  const journal = openJournal(db.pool)
  const change: ChangeId = changeId(name)
  const append = <T extends RecordType>(
    second: number,
    type: T,
    data: NewRecord<T>['data'],
    actor = 'watcher',
  ): Promise<JournalRecord> =>
    journal.append({ change, kind: 'flag', type, actor, data } as unknown as NewRecord, { at: atSecond(second) })
  return {
    change,
    append,
    /** Proposed, proved, started and shown to 5 %. */
    async exposed(second: number): Promise<void> {
      await append(
        second - 4,
        'proposed',
        { plan: {}, title: 'Broken checkout', control: 'subjects', dependsOn: [], size: { unit: 'flag', n: 1 } },
        'ama',
      )
      await append(second - 3, 'proved', {
        proof: {
          ok: true,
          digest: 'd',
          base: 'b',
          expiresAt: '2100-01-01T00:00:00Z',
          loss: 'kept',
          undoMs: 12,
          locks: [],
          steps: [],
        },
      })
      await append(second - 2, 'go-requested', {}, 'ama')
      await append(second - 1, 'started', {
        salt: '0123456789abcdef',
        stages: [{ share: 0.05, ruleOutRatio: 10, ruleOutExcess: undefined, minimumMs: 0 }],
        guards,
        alpha: 0.01,
        sampleRate: 1,
        forecast: { requestsPerSecond: 1, subjectsPerWindow: 1, sentence: '', stages: [], cannotSee: [] },
      })
      await append(second, 'exposing', { stage: 1, share: 0.05, shareBefore: 0 })
      await append(second, 'exposed', { stage: 1, share: 0.05 })
    },
    async undone(
      begin: number,
      end: number,
      options: { readonly cause?: 'judge' | 'person'; readonly leading?: string; readonly harmed?: number } = {},
    ): Promise<void> {
      const { cause = 'judge', leading = 'business checkout', harmed = 23 } = options
      const reading = cause === 'judge' ? { reading: readingOf(leading, harmed) } : {}
      await append(begin, 'undoing', {
        reason: cause === 'judge' ? 'Exposed customers could not check out.' : 'ama asked for it',
        cause,
        ...reading,
      })
      await append(end, 'undone', {
        undone: { tookMs: (end - begin) * 1_000, summary: 'off' },
        ...(cause === 'judge' ? { subjectsHarmed: harmed } : {}),
        ...reading,
      })
    },
  }
}

export type Try = {
  readonly second: number
  readonly who: string
  readonly paidAfterS?: number
  readonly exposedTo?: string
  readonly reference?: string
  readonly amount?: bigint | null
  readonly currency?: string
}

/** Checkouts as the shop's events would show them. The hashes do not matter here. */
export async function checkouts(db: TestDatabase, tries: readonly Try[]): Promise<void> {
  const rows = tries.flatMap(
    ({ second, who, paidAfterS, exposedTo, reference, amount = 100_000n, currency = 'NGN' }) => {
      const row = (type: string, at: Date) => ({
        type,
        at: at.toISOString(),
        who,
        reference: reference ?? `${who}-${second}`,
        amount: amount?.toString() ?? null,
        currency,
        exposed: exposedTo === undefined ? [] : [exposedTo],
      })
      return [
        row(checkout.attempted, atSecond(second)),
        ...(paidAfterS === undefined ? [] : [row(checkout.completed, atSecond(second + paidAfterS))]),
      ]
    },
  )
  await db.pool.query(
    `insert into sankofa.event (at, type, subject, actor, reference, amount, currency, exposed_to, hash)
     select (item ->> 'at')::timestamptz, item ->> 'type', item ->> 'who', 'customer', item ->> 'reference',
            (item ->> 'amount')::bigint, item ->> 'currency',
            array(select jsonb_array_elements_text(item -> 'exposed')), ''
       from jsonb_array_elements($1::jsonb) as item`,
    [JSON.stringify(rows)],
  )
}

/** One paid checkout every other second. */
export const goodTraffic = (from: number, to: number): readonly Try[] =>
  Array.from({ length: Math.floor((to - from) / 2) }, (_, n) => ({
    second: from + 2 * n,
    who: `good-${from + 2 * n}`,
    paidAfterS: 1,
  }))
