import type { Guard, Reading } from '../../judge/index.ts'

/** The evidence of a reading, for a developer. */
export function evidenceText(reading: Reading, guards: readonly Guard[]): string {
  const against = `Chance alone: 1 in ${oddsOf(reading.logEvidence)}; it is taken back at 1 in ${oddsOf(reading.threshold)} (ln e-value ${reading.logEvidence.toFixed(1)} against ${reading.threshold.toFixed(1)}).`
  if (reading.leading === 'sample-ratio') {
    const { exposed, control } = reading.sampleRatio
    return `The arms do not have the sizes that were drawn: ${exposed} exposed, ${control} not. ${against}`
  }
  const found = reading.guards.find(({ guard }) => guard === reading.leading)
  if (found === undefined) return `Guard "${reading.leading}". ${against}`
  const { exposed, control } = found
  const what = failureOf(guards.find(({ id }) => id === reading.leading))
  return `Guard "${reading.leading}": ${exposed.failures} of ${exposed.subjects} exposed customers ${what}, ${control.failures} of ${control.subjects} others did. ${against}`
}

function failureOf(guard: Guard | undefined): string {
  switch (guard?.measure) {
    case 'business':
      return `could not finish "${guard.attempt}"`
    case 'errors':
      return 'got an error'
    case 'route-errors':
      return `got an error on ${guard.route}`
    case 'unanswered':
      return 'got no answer within 10 s'
    case 'latency':
      return `waited longer than ${Math.round(guard.quantile * 100)} in 100 did before`
    case undefined:
      return 'failed it'
    default:
      return guard satisfies never
  }
}

/** `ln` evidence as odds with two digits that mean something. */
function oddsOf(ln: number): string {
  if (ln > Math.log(1e6)) return 'more than a million'
  return Number(Math.max(1, Math.exp(ln)).toPrecision(2)).toLocaleString('en')
}
