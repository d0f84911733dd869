import type pg from 'pg'
import type { ChangeId } from '../core/index.ts'
import { type JournalRecord, openJournal, type ShipStep } from '../journal/index.ts'
import type { ChangeHistory } from './contract.ts'
import { reachOf } from './reach.ts'
import { duration, sentence } from './words.ts'

const windowsMost = 720

/** Everything that was done to one change, in words, and its evidence from window to window since it last went out. */
export async function readHistory(pool: pg.Pool, change: ChangeId): Promise<ChangeHistory> {
  const [records, windows] = await Promise.all([
    openJournal(pool).read({ change }),
    pool.query<{ at: Date; stage: number; share: number }>(
      `select judged.window_start as at, judged.stage,
              judged.log_evidence / nullif((judged.reading ->> 'threshold')::double precision, 0) as share
         from sankofa.judged_window as judged
        where judged.change_id = $1
          and judged.go_id = (select max(latest.go_id) from sankofa.judged_window as latest where latest.change_id = $1)
        order by judged.window_start desc
        limit $2::int`,
      [change, windowsMost],
    ),
  ])
  return {
    change,
    records: records.map((record) => ({
      id: String(record.id),
      at: record.at.toISOString(),
      actor: record.actor,
      words: recordWords(record),
    })),
    windows: windows.rows
      .reverse()
      .map((row) => ({ atMs: row.at.getTime(), stage: row.stage, share: Math.max(0, row.share ?? 0) })),
  }
}

/** One record as a clause that follows the name of who wrote it. */
export function recordWords(record: JournalRecord): string {
  const { type, data } = record
  switch (type) {
    case 'proposed':
      return `proposed it: ${sentence(data.title)}`
    case 'proved':
      return `proved its undo, which takes ${data.proof.undoMs < 1_000 ? 'less than a second' : duration(data.proof.undoMs)}.`
    case 'refused':
      return `refused it${because(data.reason)}`
    case 'go-requested':
      return data.unproved === undefined
        ? 'asked to let it go out.'
        : `asked to let it go out without a proof${because(data.unproved)}`
    case 'hold-requested':
      return `asked to hold it${because(data.reason)}`
    case 'back-requested':
      return `asked to take it back${because(data.reason)}`
    case 'started':
      return `started it, in ${data.stages.length === 1 ? 'one stage' : `${data.stages.length} stages`}. ${sentence(data.forecast.sentence)}`
    case 'exposing':
      return data.share === 0
        ? `began to pause it${because(data.reason)}`
        : `${reachOf(record.kind).began(data.share)}.`
    case 'exposed':
      return data.share === 0
        ? 'paused it: nobody has it for now.'
        : `${reachOf(record.kind).did(data.share)}${data.share === 1 ? '' : ` (stage ${data.stage})`}.`
    case 'held':
      return `held it${because(data.reason)} ${sentence(data.ask)}`
    case 'resumed':
      return `let it go on${because(data.reason)}`
    case 'baking':
      return 'lets it stay at its last stage for a while before it is kept.'
    case 'undoing':
      return `began to take it back${because(data.reason)}`
    case 'undone':
      return `took it back: ${sentence(data.undone.summary)}`
    case 'settling':
      return 'began to keep it for good.'
    case 'settled':
      return 'kept it for good.'
    case 'step-failed':
      if (data.step === 'wait') return `lets it wait: ${sentence(data.error)}`
      return `could not do the step “${data.step}” and tries again${because(data.error)}`
    case 'ship-step':
      return shipWords(data)
    default:
      return record satisfies never
  }
}

const because = (reason: string | undefined): string =>
  reason === undefined || reason === '' ? '.' : `: ${sentence(reason)}`

function shipWords({ title, state, tookMs, detail }: ShipStep): string {
  const time = tookMs === undefined ? '' : ` after ${duration(tookMs)}`
  switch (state) {
    case 'begun':
      return `began, on the way to it: ${title}.`
    case 'done':
      return `${title}: done${time}${because(detail)}`
    case 'skipped':
      return `${title}: left out${because(detail)}`
    case 'failed':
      return `${title}: failed${time}${because(detail)}`
    default:
      return state satisfies never
  }
}
