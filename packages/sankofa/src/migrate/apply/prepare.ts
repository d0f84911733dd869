import pg from 'pg'
import { SankofaError } from '../../core/index.ts'
import { sha256, textOf } from './digest.ts'
import type { Run } from './run.ts'
import { driftOf, type Entry, type GroupView, isApplied, readView } from './view.ts'
import { deleteRow, insertRow, undoOf } from './write-row.ts'

/** What a run begins with: the view after the rows were brought up to what is known. */
export type Prepared = { readonly view: readonly GroupView[]; readonly adopted: readonly string[] }

/**
 * Takes over what the tool's own history already has, so that it can be taken back; forgets what the tool has taken back by
 * itself; adds undos that were written after their migration was applied.
 *
 * @param accept - applied migrations whose edited files are taken over without running them
 */
export async function prepare(run: Run, accept: readonly string[] = []): Promise<Prepared> {
  const { client } = run.session
  const { set, options } = run
  const view = await readView(client, set)
  const entries = view.flatMap((group) => group.entries)
  const changes = entries.flatMap((entry) => [...adoption(entry, run), ...takeOver(entry, accept)])
  if (changes.length > 0) {
    await client.query(['begin', ...changes, 'commit'].join('\n;\n'))
  }
  const adopted = entries.filter((entry) => entry.adopted).map(({ id }) => id)
  if (adopted.length > 0) options.log?.info?.({ adopted, tool: set?.tool }, 'took over what the tool has applied')
  return { view: changes.length === 0 ? view : await readView(client, set), adopted }
}

function adoption(entry: Entry, { set }: Run): readonly string[] {
  const forget = entry.forgotten ? [deleteRow(entry.id)] : []
  if (!entry.adopted || entry.migration === undefined || set === undefined) return forget
  const by = { tool: set.tool, actor: set.tool }
  return [...forget, insertRow(entry.migration, { state: 'applied' }, by)]
}

function takeOver(entry: Entry, accept: readonly string[]): readonly string[] {
  const { row, migration } = entry
  if (row === undefined || migration === undefined || row.state !== 'applied' || entry.forgotten) return []
  const accepted = accept.includes(entry.id) && driftOf(entry) !== undefined
  const undo = undoOf(migration, row.proof ?? undefined)
  const addsUndo = migration.undo !== undefined && row.undoSha256 === null
  if (!accepted && !addsUndo) return []
  const literal = (value: string | null): string => (value === null ? 'null' : pg.escapeLiteral(value))
  const changes = [
    `undo_sql = ${literal(undo.sql)}`,
    `undo_origin = ${literal(undo.origin)}`,
    `undo_transaction = ${literal(undo.transaction)}`,
    `undo_sha256 = ${literal(undo.sha256)}`,
    ...(accepted
      ? [`up_sql = ${literal(textOf(migration.up))}`, `sha256 = ${literal(sha256(textOf(migration.up)))}`]
      : []),
  ]
  return [`update sankofa.migration set ${changes.join(', ')} where id = ${literal(entry.id)}`]
}

/** @throws SankofaError `MIGRATION_EDITED`: what is applied is not what the folder says */
export function refuseEdited(view: readonly GroupView[]): void {
  const edited = view.flatMap(({ entries }) => entries.filter((entry) => driftOf(entry) === 'edited since'))
  if (edited.length > 0) throw new SankofaError('MIGRATION_EDITED', { edited: edited.map(({ id }) => id) })
}

/** @throws SankofaError `MIGRATION_GROUP_UNKNOWN` */
export function findGroup(view: readonly GroupView[], group: string): GroupView {
  const found =
    view.find((each) => each.group === group) ?? view.find(({ entries }) => entries.some(({ id }) => id === group))
  if (found !== undefined) return found
  throw new SankofaError('MIGRATION_GROUP_UNKNOWN', { group, known: view.slice(-5).map((each) => each.group) })
}

/** @throws SankofaError `MIGRATION_HALF_WAY`: taking it back has begun, and has to be finished first */
export function refuseUndoing(view: GroupView): void {
  if (!view.entries.some(({ row }) => row?.state === 'undoing')) return
  throw new SankofaError('MIGRATION_HALF_WAY', {
    group: view.group,
    state: 'being taken back',
    next: `Run "sankofa migrate back ${view.group}" to finish that, then apply it again.`,
  })
}

/** @throws SankofaError `MIGRATION_OUT_OF_ORDER`: an earlier one is missing */
export function refuseGaps(view: readonly GroupView[], group: GroupView): void {
  const before = view.slice(0, view.indexOf(group)).filter((each) => each.here && !each.entries.every(isApplied))
  if (before.length === 0) return
  throw new SankofaError('MIGRATION_OUT_OF_ORDER', { group: group.group, missing: before.map((each) => each.group) })
}
