import type { ShipRun, ShipStepView } from 'sankofa/console/contract'
import { Table } from '../changes.tsx'
import { Header } from '../header.tsx'
import { shownVerdict } from '../judgement.ts'
import { Measuring } from '../measuring.tsx'
import { nowMs, status } from '../state.ts'
import { clockTime, shortDuration, whenShort } from '../words.ts'
import { isLost, releases, serverNowMs } from './live.ts'
import { ShipState } from './ships.tsx'
import { useFocus } from './use-focus.ts'

const stepNames: Readonly<Record<ShipStepView['state'], string>> = {
  begun: 'running',
  done: 'done',
  failed: 'failed',
  skipped: 'left out',
}

/** A shape for each, so that it never rests on colour alone. */
const shapes: Readonly<Record<ShipStepView['state'], string>> = {
  begun: 'M8 3v5l3 2M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z',
  done: 'M3 8.5 6.5 12 13 4.5',
  failed: 'M4 4l8 8M12 4l-8 8',
  skipped: 'M3.5 8h9',
}

function Step({ step, isRunning }: { readonly step: ShipStepView; readonly isRunning: boolean }) {
  const isOpen = step.state === 'begun'
  const tookMs = isOpen ? (isRunning ? serverNowMs.value - Date.parse(step.at) : null) : step.tookMs
  return (
    <li data-step={step.step} data-state={isOpen && !isRunning ? 'left' : step.state}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[step.state]} />
      </svg>
      <div>
        <p>
          <span class="strong">{step.title}</span>{' '}
          <span class="small">{isOpen && !isRunning ? 'begun, end not known' : stepNames[step.state]}</span>
        </p>
        {step.detail === '' ? null : step.state === 'failed' ? (
          <pre>{step.detail}</pre>
        ) : (
          <p class="small">{step.detail}</p>
        )}
      </div>
      <p class="took">
        {tookMs === null ? '' : tookMs < 950 ? '< 1 s' : shortDuration(tookMs)}
        <time class="small" dateTime={step.at}>
          {clockTime(step.at, true)}
        </time>
      </p>
    </li>
  )
}

function Steps({ ship }: { readonly ship: ShipRun }) {
  const isRunning = ship.state === 'running' && !isLost.value
  return (
    <section aria-labelledby="steps-title">
      <h2 id="steps-title">Steps</h2>
      <ol class="steps">
        {ship.steps.map((step) => (
          <Step key={step.step} step={step} isRunning={isRunning} />
        ))}
      </ol>
    </section>
  )
}

function Words({ ship, run }: { readonly ship: ShipRun | undefined; readonly run: string }) {
  if (ship === undefined) {
    return (
      <p class="detail">
        {releases.value === undefined
          ? 'Reading its steps …'
          : `There is no ship named ${run}: only the newest are kept here. “npx sankofa status” knows more.`}
      </p>
    )
  }
  return (
    <p class="detail">
      <ShipState ship={ship} /> {isLost.value ? 'This page has lost the console; it keeps trying.' : ship.words}{' '}
      <span class="small">
        Begun by {ship.actor}, {whenShort(ship.startedAt, nowMs.value)}.
      </span>
    </p>
  )
}

/** One run of `sankofa ship`, live. */
export function Ship({ run }: { readonly run: string }) {
  const ship = releases.value?.ships.find((one) => one.run === run)
  const title = useFocus('Ship')
  const change = status.value?.changes.filter((one) => one.id === ship?.change) ?? []
  return (
    <>
      <div class="top" data-verdict={shownVerdict.value}>
        <Header />
        <section class="verdict released" aria-labelledby="ship-title">
          <p class="house">
            <a href="#/releases">All releases</a>
          </p>
          <h1 id="ship-title" ref={title} tabIndex={-1}>
            Ship of {ship?.change ?? run}
          </h1>
          <div aria-live="polite">
            <Words ship={ship} run={run} />
          </div>
        </section>
      </div>
      <main>
        {ship === undefined ? null : <Steps ship={ship} />}
        {change.length === 0 ? null : (
          <section aria-labelledby="change-title">
            <h2 id="change-title">The change that it brings</h2>
            <Table changes={change} caption="Its stages and the evidence" />
          </section>
        )}
      </main>
      <Measuring />
    </>
  )
}
