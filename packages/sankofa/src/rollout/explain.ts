import type { GuardReading, Reading } from '../judge/index.ts'

const figure = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** Past a million nobody weighs them any more. */
const odds = (ln: number): string => (ln > Math.log(1e6) ? 'over a million' : figure(Math.exp(ln)))

/** The evidence of a verdict in one or two sentences, with the figures that it rests on. */
export function explain(reading: Reading): string {
  const evidence = `Evidence ${odds(reading.logEvidence)} to 1, undone at ${odds(reading.threshold)}.`
  const assumption = reading.assumption === undefined ? '' : ` ${reading.assumption}`
  if (reading.leading === 'sample-ratio') {
    const { exposed, control } = reading.sampleRatio
    return `Too few or too many customers arrive with the change: ${figure(exposed)} with it, ${figure(control)} without. ${evidence}${assumption}`
  }
  const guard = reading.guards.find((candidate) => candidate.guard === reading.leading)
  return `${guard === undefined ? `Guard ${reading.leading} is broken.` : compare(guard)} ${evidence}${assumption}`
}

/** Without a control it is requests that are counted, not customers. */
const ofRequests: Readonly<Record<string, readonly [exposed: string, control: string]>> = {
  'after against before': ['after it', 'before it'],
  'touched against untouched': ['that it touches', 'that it does not'],
}

function compare({ guard, exposed, control }: GuardReading): string {
  const requests = ofRequests[guard]
  const counted = requests === undefined ? 'customers with the change' : `requests ${requests[0]}`
  return (
    `Guard ${guard}: ${figure(exposed.failures)} of ${figure(exposed.subjects)} ${counted} failed, ` +
    `${figure(control.failures)} of ${figure(control.subjects)} ${requests?.[1] ?? 'without'}.`
  )
}
