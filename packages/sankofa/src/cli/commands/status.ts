import { readStatus, type Status } from '../../console/index.ts'
import type { Context } from '../context.ts'
import { type OutputOptions, print } from '../output.ts'

export async function statusCommand(context: Context, _target: string, options: OutputOptions): Promise<void> {
  const status = await readStatus(context.pool, { attempts: context.config.attempts ?? [] })
  print(options, status, statusLines(status))
}

function statusLines(status: Status): readonly string[] {
  const out = status.changes.filter((change) => change.state === 'exposed' || change.state === 'bake')
  const rest = status.changes.filter((change) => !out.includes(change))
  const age = status.measuring.ageMs
  return [
    status.sentence,
    ...(status.detail === '' ? [] : [status.detail]),
    ...(status.story === null
      ? []
      : ['', `${status.story.happened} ${status.story.cost}`.trim(), status.story.done, status.story.certainty].filter(
          (line, index) => index === 0 || line !== '',
        )),
    '',
    ...(out.length === 0 ? ['No change is out.'] : ['Out now:', ...out.flatMap(changeLines)]),
    ...(rest.length === 0 ? [] : ['', 'Others:', ...rest.map((change) => `  ${change.id}  ${change.now}`)]),
    '',
    `Measured ${age === null ? 'never yet' : `${Math.round(age / 1000)} s ago`}, ${status.measuring.requestsPerSecond.toFixed(1)} requests a second, ${status.measuring.dropped} dropped.${status.measuring.watching ? '' : ' No watcher runs.'}`,
  ]
}

function changeLines(change: Status['changes'][number]): readonly string[] {
  return [
    `  ${change.id}  ${stageWords(change)}, undo ${change.undoProved ? 'proved' : 'NOT proved'}`,
    `      ${change.now}${change.wait === '' ? '' : ` ${change.wait}`}`,
    ...(change.evidence === null ? [] : [`      ${change.evidence.words}`]),
    ...(change.held === null ? [] : [`      Held: ${change.held.reason} ${change.held.ask}`]),
  ]
}

/** A migration and a tunable meet everyone at once: they have one stage, which says nothing. */
const stageWords = ({ stage, stages, reach }: Status['changes'][number]): string =>
  stages.length > 1 ? `stage ${stage} of ${stages.length}, ${reach}` : reach
