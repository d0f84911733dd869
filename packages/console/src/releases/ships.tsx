import type { ShipRun } from 'sankofa/console/contract'
import { shipLink } from '../route.ts'
import { nowMs } from '../state.ts'
import { whenShort } from '../words.ts'
import { isLost } from './live.ts'

const shipNames: Readonly<Record<ShipRun['state'], string>> = {
  running: 'Running',
  done: 'Through',
  failed: 'Failed',
  interrupted: 'Interrupted',
  unknown: 'Not known',
}

export function ShipState({ ship }: { readonly ship: ShipRun }) {
  const isKnown = ship.state !== 'running' || !isLost.value
  return <b class={`standing ${isKnown ? ship.state : 'unknown'}`}>{isKnown ? shipNames[ship.state] : 'Was running'}</b>
}

/** Runs of `sankofa ship`, newest first; each has its own page. */
export function Ships({ ships }: { readonly ships: readonly ShipRun[] }) {
  if (ships.length === 0) return null
  return (
    <section class="ships" aria-labelledby="ships-title">
      <h2 id="ships-title">Ships</h2>
      <ul class="ship-rows">
        {ships.map((ship) => (
          <li key={ship.run} data-run={ship.run} data-state={ship.state}>
            <p>
              <a href={shipLink(ship.run)} aria-label={`Ship of ${ship.change} by ${ship.actor}, its steps`}>
                <span class="id">{ship.change}</span>
              </a>{' '}
              <span class="small">
                by {ship.actor}, {whenShort(ship.startedAt, nowMs.value)}
              </span>
            </p>
            <p>
              <ShipState ship={ship} /> <span class="small">{ship.words}</span>
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}
