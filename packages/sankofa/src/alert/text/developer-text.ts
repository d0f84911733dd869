import type { Worth } from '../../events/index.ts'
import type { Case, Undoing } from '../changes/case.ts'
import type { Harm } from '../changes/harm.ts'
import { evidenceText } from './evidence.ts'
import { formatWorth } from './money.ts'
import { counted, duration, percent, type Times } from './time.ts'

export type Message = { readonly subject: string; readonly body: string }
type Context = { readonly times: Times; readonly publicUrl: string | undefined }

/** A change was taken back: what, evidence, undo, how long it took, what to do next. */
export function undoneText(found: Case, undoing: Undoing, harm: Harm | undefined, context: Context): Message {
  const { state } = found
  return {
    subject: `${state.change} was taken back`,
    body: lines([
      whatLine(found),
      `Why: ${undoing.reason}`,
      ...evidenceLine(found, undoing),
      `Undo: ${proofWords(found)}${undoing.done === undefined ? '' : ` It took ${duration(undoing.done.tookMs)}; nobody has it any more.`}`,
      ...timeLine(found, undoing, context.times),
      ...harmLine(harm, ' so far'),
      `Next: sankofa why ${state.change}`,
      ...linkLine(context),
    ]),
  }
}

/** An undo was begun and is not done: somebody must look. */
export function undoSlowText(found: Case, undoing: Undoing, now: Date, context: Context): Message {
  const { state } = found
  const failing = state.failing
  return {
    subject: `${state.change} is not taken back yet`,
    body: lines([
      whatLine(found),
      `Why it must go: ${undoing.reason}`,
      `Begun ${duration(now.getTime() - undoing.begunAt.getTime())} ago at ${context.times.second(undoing.begunAt)}, and not done.`,
      ...(failing === undefined
        ? []
        : [`Step "${failing.step}" has failed ${counted(failing.times, 'time', 'times')}: ${failing.error}`]),
      `Undo: ${proofWords(found)}`,
      state.kind === 'flag' || state.kind === 'release'
        ? `Next: on each host of the service, sankofa back ${state.change} --local`
        : `Next: sankofa why ${state.change}`,
      ...linkLine(context),
    ]),
  }
}

/** A change stands still until a person decides. */
export function heldText(
  found: Case,
  held: NonNullable<Case['held']>,
  harm: Harm | undefined,
  context: Context,
): Message {
  const { state } = found
  return {
    subject: `${state.change} waits for you: ${held.reason}`,
    body: lines([
      whatLine(found),
      `Why: ${held.reason}`,
      ...(state.lastReading === undefined
        ? []
        : [`Evidence: ${evidenceText(state.lastReading, state.go?.guards ?? [])}`]),
      `Undo: ${proofWords(found)}`,
      ...harmLine(harm, ' so far'),
      `Asked: ${held.ask}`,
      `Next: sankofa go ${state.change}, or sankofa back ${state.change}`,
      ...linkLine(context),
    ]),
  }
}

/** What was harmed is seen to be normal again. */
export function recoveredText(
  found: Case,
  undoing: Undoing,
  harm: Harm,
  normal: { readonly since: Date; readonly forMs: number },
  context: Context,
): Message {
  const exposedAt = found.state.go?.begun[0]?.at ?? undoing.begunAt
  return {
    subject: `${found.state.change}: back to normal since ${context.times.second(normal.since)}`,
    body: lines([
      `Observed for ${duration(normal.forMs)}${harm.kind === 'attempts' ? ` in "${harm.attempt.attempted}" and "${harm.attempt.completed}"` : ' in all requests'}.`,
      `Time to recover: ${duration(normal.since.getTime() - undoing.begunAt.getTime())} from noticing, ${duration(normal.since.getTime() - exposedAt.getTime())} from the first exposure.`,
      ...harmLine(harm),
    ]),
  }
}

const lines = (parts: readonly string[]): string => parts.join('\n')

const linkLine = ({ publicUrl }: Context): readonly string[] =>
  publicUrl === undefined ? [] : [`Screen: ${publicUrl}`]

function whatLine({ state }: Case): string {
  const stages = state.go?.stages ?? []
  const share = stages[state.stage - 1]?.share
  // A migration or a tunable meets everyone at once.
  const reach =
    share === undefined
      ? ''
      : state.control === 'none'
        ? ', for everyone'
        : `, stage ${state.stage} of ${stages.length} (${percent(share)} of customers)`
  return `What: ${state.kind} "${state.title}" by ${state.author}, started by ${state.go?.startedBy ?? 'nobody'}${reach}.`
}

const evidenceLine = ({ state }: Case, undoing: Undoing): readonly string[] =>
  undoing.cause === 'person' || undoing.reading === undefined
    ? []
    : [`Evidence: ${evidenceText(undoing.reading, state.go?.guards ?? [])}`]

function proofWords({ state }: Case): string {
  if (state.unproved !== undefined) return `not proved before it went out ("${state.unproved}").`
  const { proof } = state
  if (proof === undefined) return 'not proved before it went out.'
  return `proved before it went out, in ${duration(proof.undoMs)}, ${proof.loss === 'kept' ? 'nothing lost' : `rows ${proof.loss}`}.`
}

function timeLine(found: Case, undoing: Undoing, times: Times): readonly string[] {
  const exposedAt = found.state.go?.begun[0]?.at
  if (exposedAt === undefined) return []
  const shown = `Time: first shown ${times.second(exposedAt)}, noticed ${times.second(undoing.begunAt)} (after ${between(exposedAt, undoing.begunAt)})`
  return [
    undoing.done === undefined
      ? `${shown}.`
      : `${shown}, back ${times.second(undoing.done.at)} (after ${between(undoing.begunAt, undoing.done.at)} more).`,
  ]
}

const between = (from: Date, to: Date): string => duration(to.getTime() - from.getTime())

function harmLine(harm: Harm | undefined, soFar = ''): readonly string[] {
  if (harm === undefined) return []
  if (harm.kind === 'requests')
    return [
      `Customers: ${counted(harm.customers, 'customer', 'customers')} ${harm.slow ? 'had to wait' : 'met a failure'}.`,
    ]
  const { figures, attempt } = harm
  return [
    `Customers: ${figures.couldNot.toLocaleString('en')} of ${counted(figures.attempted, 'customer', 'customers')} who began "${attempt.name}" while exposed could not finish it${soFar}${worthWords(figures.worth, figures.withoutAmount)}.`,
  ]
}

function worthWords(worth: readonly Worth[], withoutAmount: number): string {
  if (worth.length === 0) return withoutAmount > 0 ? ', worth not known' : ''
  return `, worth ${withoutAmount > 0 ? 'at least ' : ''}${formatWorth(worth)}`
}
