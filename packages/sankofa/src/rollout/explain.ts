import type { GuardReading, Reading } from '../judge/index.ts'

const figure = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** The evidence of a verdict in one or two sentences, with the figures that it rests on. */
export function explain(reading: Reading): string {
  const evidence = `Evidence ${figure(Math.exp(Math.min(reading.logEvidence, 50)))} to 1, undone at ${figure(Math.exp(reading.threshold))}.`
  const assumption = reading.assumption === undefined ? '' : ` ${reading.assumption}`
  if (reading.leading === 'sample-ratio') {
    const { exposed, control } = reading.sampleRatio
    return `Too few or too many customers arrive with the change: ${figure(exposed)} with it, ${figure(control)} without. ${evidence}${assumption}`
  }
  const guard = reading.guards.find((candidate) => candidate.guard === reading.leading)
  return `${guard === undefined ? `Guard ${reading.leading} is broken.` : compare(guard)} ${evidence}${assumption}`
}

const compare = ({ guard, exposed, control }: GuardReading): string =>
  `Guard ${guard}: ${figure(exposed.failures)} of ${figure(exposed.subjects)} customers with the change failed, ` +
  `${figure(control.failures)} of ${figure(control.subjects)} without.`
