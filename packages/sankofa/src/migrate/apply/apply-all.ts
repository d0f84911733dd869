import { applyGroup, type Missing, toMissing } from './apply-group.ts'
import { sendBatch } from './batch.ts'
import type { Ran, RunOptions } from './migrator.ts'
import type { StoredProof } from './proofs.ts'
import { isOneTransaction, type Run, readAhead } from './run.ts'
import { mayChangeSettings } from './settings-before.ts'
import { signatureOf } from './signature.ts'
import { type GroupView, isMissing } from './view.ts'
import { insertRow, type Signature } from './write-row.ts'

/** In one message; more would only make the message long. */
const mostTogether = 24

type Plain = { readonly missing: Missing; readonly by: Signature }

/**
 * Applies groups in their order. Plain ones, one transaction each and nobody to tell, are sent several in a message: the
 * server then does not wait for us between two of them. One that fails is tried again by itself, with all the patience and
 * the words that are for a single one.
 */
export async function applyAll(
  run: Run,
  groups: readonly GroupView[],
  options: RunOptions,
  proofs: readonly StoredProof[],
): Promise<readonly Ran[]> {
  const ran: Ran[] = []
  for (let from = 0; from < groups.length; ) {
    const plain = await plainOnes(run, groups.slice(from, from + mostTogether), proofs)
    if (plain.length > 1) {
      const sending = sendTogether(run, plain)
      parseAhead(groups.slice(from + plain.length, from + plain.length + mostTogether))
      const done = await sending
      ran.push(...done)
      from += done.length
      if (done.length === plain.length) continue
    }
    const group = groups[from]
    if (group === undefined) continue
    const applying = applyGroup(run, group, options, proofs)
    parseAhead(groups.slice(from + 1, from + 2))
    ran.push(...(await applying))
    from++
  }
  return ran
}

/** While the server is at work, and not before the message is on its way. */
function parseAhead(groups: readonly GroupView[]): void {
  setImmediate(() => {
    for (const { migration } of groups.flatMap(({ entries }) => entries)) {
      if (migration !== undefined) readAhead(migration.up)
    }
  })
}

/** Those at the beginning that are one migration and one transaction each. */
async function plainOnes(
  run: Run,
  groups: readonly GroupView[],
  proofs: readonly StoredProof[],
): Promise<readonly Plain[]> {
  const plain: Plain[] = []
  if (run.options.stash !== undefined || run.history !== undefined) return plain
  for (const view of groups) {
    const [entry, ...more] = view.entries
    if (entry === undefined || more.length > 0 || !isMissing(entry) || entry.row !== undefined) return plain
    if (entry.migration?.up.kind !== 'sql' || entry.migration.backfill !== undefined) return plain
    // What cannot be read is said when its own turn comes.
    const missing = await toMissing(run, entry).catch(() => undefined)
    if (missing === undefined || !isOneTransaction(missing.units)) return plain
    plain.push({ missing, by: signatureOf(run, view, proofs) })
  }
  return plain
}

/** @returns those that were committed; the next one is to be tried by itself */
async function sendTogether(run: Run, plain: readonly Plain[]): Promise<readonly Ran[]> {
  const { client, settings } = run.session
  const began = performance.now()
  const ends: number[] = []
  const lines: string[] = []
  for (const { missing, by } of plain) {
    const statements = missing.units[0]?.statements ?? []
    lines.push('begin', ...statements.map(({ sql }) => sql), ...(mayChangeSettings(statements) ? settings : []))
    lines.push(insertRow(missing.migration, { state: 'applied' }, by), 'commit')
    ends.push(lines.length)
  }
  const failure = await sendBatch(client, lines)
  // The connection may be gone: then the next one says so.
  if (failure !== undefined) await client.query('rollback').catch(() => {})
  const done = failure === undefined ? plain.length : ends.filter((end) => end <= failure.at).length
  const tookMs = (performance.now() - began) / Math.max(done, 1)
  return plain.slice(0, done).map(({ missing }) => ({ id: missing.migration.id, tookMs }))
}
