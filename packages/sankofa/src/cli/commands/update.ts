import { type UpdateEvent, type UpdateReport, updateLines, updatePackages } from '../../pipeline/index.ts'
import { untilInterrupted } from '../interrupted.ts'
import { AnswerIsNo, type OutputOptions } from '../output.ts'

export type UpdateCommandOptions = OutputOptions & {
  readonly most?: number
  readonly coolDown?: number
  readonly checks?: readonly string[]
}

/** Brings packages up to date, one by one, each on a branch of its own. Exit code 1 when one did not pass. */
export async function updateCommand(packages: readonly string[], options: UpdateCommandOptions): Promise<void> {
  const { json, most, coolDown, checks } = options
  const interrupted = untilInterrupted()
  const report = await updatePackages({
    directory: process.env.INIT_CWD ?? process.cwd(),
    ...(packages.length === 0 ? {} : { only: packages }),
    ...(most === undefined ? {} : { most }),
    ...(coolDown === undefined ? {} : { coolDownDays: coolDown }),
    ...(checks === undefined ? {} : { checks }),
    signal: interrupted.signal,
    onEvent: (event) => (json === true ? inJson(event) : progress(event)),
  }).catch((error: unknown) => {
    if (!interrupted.signal.aborted) throw error
    console.error('Ended because it was told to. Branches that were made stay; run it again for the others.')
    throw new AnswerIsNo()
  })
  const { lines, failed } = reportOf(report)
  if (json === true) console.log(JSON.stringify({ type: 'end', ...report }))
  else console.log(lines.join('\n'))
  if (failed) throw new AnswerIsNo()
}

/** An event a line, for programs. */
function inJson(event: UpdateEvent): void {
  if (event.type !== 'line') console.log(JSON.stringify(event))
}

/** What takes minutes says what it does; what installers and tests print is shown only where it explains a failure. */
function progress(event: UpdateEvent): void {
  if (event.type === 'step') console.error(`${event.text} …`)
}

function reportOf(report: UpdateReport): { readonly lines: readonly string[]; readonly failed: boolean } {
  const branches = report.results.flatMap((result) => (result.state === 'updated' ? [result.branch] : []))
  const [first] = branches
  return {
    lines: [...updateLines(report), ...(first === undefined ? [] : [`Take one over with: git merge ${first}`])],
    failed: report.results.some(({ state }) => state === 'failed'),
  }
}
