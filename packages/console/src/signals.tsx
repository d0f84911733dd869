import type { SignalSeries, SignalStatus } from 'sankofa/console/contract'
import { Sparkline } from './sparkline.tsx'
import { series, status } from './state.ts'

const seriesOf = (all: SignalSeries, signal: SignalStatus): readonly (number | null)[] => {
  switch (signal.name) {
    case 'failed':
      return all.failedShare
    case 'slow':
      return all.p95Ms
    case 'completed':
      return all.completedShare
    case 'value':
      return all.valuePerMinute
    default:
      return signal.name satisfies never
  }
}

const stateWords: Readonly<Record<SignalStatus['state'], string>> = {
  normal: 'within its limit',
  beyond: 'beyond its limit',
  learning: 'limit not known yet',
  unknown: 'not known',
}

function Signal({ signal }: { readonly signal: SignalStatus }) {
  const points = series.value === undefined ? [] : seriesOf(series.value, signal)
  return (
    <li class={`signal ${signal.state}`}>
      <p class="label">{signal.label}</p>
      <p class="value">{signal.shown}</p>
      <Sparkline points={points} limit={signal.limit} worse={signal.worse} />
      <p class="limit">
        <span class="state">{stateWords[signal.state]}</span> {signal.words}
      </p>
    </li>
  )
}

export function Signals() {
  const signals = status.value?.signals ?? []
  return (
    <section aria-labelledby="signals-title">
      <h2 id="signals-title">How customers fare, over the last five minutes</h2>
      <ul class="signals">
        {signals.map((signal) => (
          <Signal key={signal.name} signal={signal} />
        ))}
      </ul>
    </section>
  )
}
