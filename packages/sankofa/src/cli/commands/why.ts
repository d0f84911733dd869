import { readHistory, readStatus } from '../../console/index.ts'
import { changeId, SankofaError } from '../../core/index.ts'
import type { Context } from '../context.ts'
import { type OutputOptions, print } from '../output.ts'

/** What was done to a change, by whom, and on which evidence; without a name, the culprit or the newest change. */
export async function whyCommand(context: Context, named: string, options: OutputOptions): Promise<void> {
  const status = await readStatus(context.pool, { attempts: context.config.attempts ?? [] })
  const change = (named === '' ? undefined : named) ?? status.culprit ?? status.changes[0]?.id
  if (change === undefined) throw new SankofaError('NO_CHANGE_YET', {})
  const history = await readHistory(context.pool, changeId(change))
  if (history.records.length === 0)
    throw new SankofaError('CHANGE_UNKNOWN', { change, known: status.changes.map((each) => each.id) })
  const now = status.changes.find((each) => each.id === change)
  print(options, { change, status: now, story: status.story?.change === change ? status.story : undefined, history }, [
    ...(now === undefined ? [] : [`${change}: ${now.now}${now.wait === '' ? '' : ` ${now.wait}`}`]),
    ...(now?.evidence ? [`Evidence: ${now.evidence.words}`] : []),
    ...(now === undefined ? [] : [`Undo: ${now.undoWords}`]),
    '',
    ...history.records.map((record) => `  ${record.at}  ${record.actor.padEnd(12)}  ${record.words}`),
  ])
}
