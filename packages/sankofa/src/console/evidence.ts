import type { ChangeState } from '../journal/index.ts'
import type { Guard, Reading } from '../judge/index.ts'
import type { Evidence } from './contract.ts'
import { count, customers, percent, sentence } from './words.ts'

/** Below this share of the threshold nothing is worth a word. */
const nothing = 0.1

/** What the judge said last of a change: what it was undone for, else its newest word. */
export const readingOf = (state: ChangeState, newest: Reading | undefined): Reading | undefined =>
  state.undoneBecause?.reading ?? state.lastReading ?? newest

/** The same for a person; null before the first window. */
export function evidenceOf(state: ChangeState, newest: Reading | undefined): Evidence | null {
  const reading = readingOf(state, newest)
  return reading === undefined ? null : toEvidence(reading, state.go?.guards ?? [])
}

export function toEvidence(reading: Reading, guards: readonly Guard[]): Evidence {
  const share = Math.min(1, Math.max(0, reading.logEvidence / reading.threshold))
  const counted = reading.guards.find((guard) => guard.guard === reading.leading)
  const none = { subjects: 0, failures: 0 }
  const failure = failureWords(
    reading.leading,
    guards.find((guard) => guard.id === reading.leading),
  )
  const { exposed, control } =
    reading.leading === 'sample-ratio'
      ? {
          exposed: {
            subjects: reading.sampleRatio.exposed + reading.sampleRatio.control,
            failures: reading.sampleRatio.exposed,
          },
          control: {
            subjects: reading.sampleRatio.exposed + reading.sampleRatio.control,
            failures: reading.sampleRatio.control,
          },
        }
      : { exposed: counted?.exposed ?? none, control: counted?.control ?? none }
  return {
    log: reading.logEvidence,
    threshold: reading.threshold,
    share,
    words: evidenceWords(share, failure, exposed, control, reading.leading),
    leading: reading.leading,
    failure,
    exposed,
    control,
    labels: ofRequests[reading.leading]?.labels ?? ofCustomers,
    harmed: reading.subjectsHarmed,
  }
}

/** Without a control it is requests that are counted, not customers; each is compared with something else. */
const ofRequests: Readonly<Record<string, { readonly against: string; readonly labels: Evidence['labels'] }>> = {
  'after against before': {
    against: 'before it',
    labels: { exposed: 'Requests after the change', control: 'Requests before it' },
  },
  'touched against untouched': {
    against: 'on routes that it does not touch',
    labels: { exposed: 'Requests that the change touches', control: 'Requests that it does not' },
  },
}
const ofCustomers: Evidence['labels'] = { exposed: 'Customers who had the change', control: 'Customers who did not' }

/** What a customer met who failed this guard: follows “5 of 14”. */
export function failureWords(id: string, guard: Guard | undefined): string {
  switch (guard?.measure) {
    case 'errors':
      return 'met an error'
    case 'route-errors':
      return `met an error at ${guard.route}`
    case 'unanswered':
      return 'got no answer'
    case 'business':
      return `could not complete a ${guard.attempt}`
    case 'latency':
      return `waited longer than ${Math.round(guard.quantile * 100)} in 100 did before`
    case undefined:
      if (ofRequests[id] !== undefined) return 'requests failed'
      return id === 'sample-ratio' ? 'arrived' : `failed ${id}`
    default:
      return guard satisfies never
  }
}

type Arm = { readonly subjects: number; readonly failures: number }
const of = (arm: Arm): string => `${count(arm.failures)} of ${count(arm.subjects)}`

function evidenceWords(share: number, failure: string, exposed: Arm, control: Arm, leading: string): string {
  const requests = ofRequests[leading]
  if (exposed.subjects === 0) return 'Nobody who has it has been seen yet.'
  if (share < nothing) {
    const seen = requests === undefined ? customers(exposed.subjects) : `${count(exposed.subjects)} requests`
    return `Nothing speaks against it, with ${seen} seen.`
  }
  const strength = share >= 1 ? 'Enough to take it back' : share >= 0.5 ? 'Strong, not yet enough' : 'Weak'
  return `${strength}: with it ${of(exposed)} ${failure}, ${requests?.against ?? 'without it'} ${of(control)}.`
}

/** How sure the judge is, without statistics' words. */
export function certaintyWords(reading: Reading): string {
  const odds = Math.exp(Math.min(reading.logEvidence, 30))
  const rare =
    odds >= 1_000_000
      ? 'in fewer than one of a million rollouts'
      : `in at most one of ${count(Number(Math.floor(odds).toPrecision(2)))} rollouts`
  const sure = `A harmless change would look this bad by chance ${rare}.`
  return reading.assumption === undefined
    ? sure
    : `${sure} This rests on an assumption: ${sentence(reading.assumption)}`
}

/** “5 customers who had it could not complete a checkout, 3 of 14 seen in this stage (21 %), against 1 of 900 (0.11 %) without it.” */
export function happenedWords(evidence: Evidence): string {
  if (evidence.leading === 'sample-ratio') {
    return 'Customers who were given it did not arrive as those without it did: it loses them before they are counted.'
  }
  const shareOf = (arm: Arm): string => (arm.subjects === 0 ? '0 %' : percent(arm.failures / arm.subjects))
  const requests = ofRequests[evidence.leading]
  if (requests !== undefined) {
    return `With it ${shareOf(evidence.exposed)} of requests failed; ${requests.against} ${shareOf(evidence.control)}.`
  }
  return `Of those who had it, ${shareOf(evidence.exposed)} ${evidence.failure}; of those who did not, ${shareOf(evidence.control)}.`
}
