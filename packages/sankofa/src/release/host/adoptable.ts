import type { ReleaseId } from '../../core/index.ts'
import type { InstanceRecord } from './host-file.ts'
import { keyOf } from './instance.ts'
import type { ProcessTable } from './process-identity.ts'
import type { TaggedProcess } from './tagged-processes.ts'

export type Adoptable = {
  /** All that was written down or found. */
  readonly known: readonly InstanceRecord[]
  /** One for each instance: the best of several. */
  readonly adopt: readonly InstanceRecord[]
  /** Further processes of an instance that has one already. */
  readonly strays: readonly InstanceRecord[]
}

/** Brings together what the host's file says and what really runs: neither is complete after a crash. */
export function adoptable(
  records: readonly InstanceRecord[],
  found: readonly TaggedProcess[],
  processes: ProcessTable,
): Adoptable {
  const leaders = new Map<string, TaggedProcess>()
  for (const each of found) {
    const other = leaders.get(each.tag)
    // What a release starts in a session of its own leads too, and is younger.
    if (each.leads && (other === undefined || isOlder(each, other))) leaders.set(each.tag, each)
  }
  const completed = records.map((record) => {
    const leader = leaders.get(record.tag)
    return record.process === undefined && leader !== undefined ? { ...record, process: leader.process } : record
  })
  const unwritten = [...leaders.values()]
    .filter(({ tag }) => !records.some((record) => record.tag === tag))
    .flatMap((leader) => recordOf(leader) ?? [])
  const known = [...completed, ...unwritten]

  const best = new Map<string, InstanceRecord>()
  for (const record of known) {
    const other = best.get(keyOf(record))
    if (other === undefined || rank(record, processes) > rank(other, processes)) best.set(keyOf(record), record)
  }
  const adopt = [...best.values()]
  return { known, adopt, strays: known.filter((record) => !adopt.includes(record)) }
}

const rank = (record: InstanceRecord, processes: ProcessTable): number =>
  record.process !== undefined && processes.isAlive(record.process)
    ? { stopping: 1, starting: 2, ready: 3 }[record.phase]
    : 0

const ticks = (each: TaggedProcess): number => Number(each.process.started.split('-').at(-1))
const isOlder = (one: TaggedProcess, other: TaggedProcess): boolean => ticks(one) < ticks(other)

/** From the environment alone, when the host's file was lost. */
function recordOf({ tag, process, environment }: TaggedProcess): InstanceRecord | undefined {
  const release = environment.get('SANKOFA_RELEASE')
  const port = Number(environment.get('PORT'))
  if (release === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  const purpose = tag.startsWith('rehearse-') ? 'rehearse' : 'serve'
  return { tag, release: release as ReleaseId, purpose, port, phase: 'starting', process, restarts: 0 }
}
