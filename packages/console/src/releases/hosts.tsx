import type { HostGateway, HostProcess, ReleaseHost } from 'sankofa/console/contract'
import { ago, count, shortDuration } from '../words.ts'
import { isLost, serverNowMs, toldAgoMs } from './live.ts'

const columns = 5

/** Only what its host has just said is shown as a state; the rest is what it was. */
function State({ process, isKnown }: { readonly process: HostProcess; readonly isKnown: boolean }) {
  const since = shortDuration(serverNowMs.value - Date.parse(process.since))
  if (!isKnown) return <p class="standing unknown">Not known; was {process.state}</p>
  return (
    <p>
      <b class={`standing ${process.state}`}>{process.state}</b> <span class="small">for {since}</span>
    </p>
  )
}

function Checks({ checks }: { readonly checks: HostProcess['checks'] }) {
  if (checks.length === 0) return <p class="small">none told</p>
  return (
    <ul class="checks">
      {checks.map(({ path, status, ms }) => (
        <li key={path} class={status === null || status >= 400 ? 'bad' : ''}>
          <span class="id">{path}</span> {status ?? 'no answer'} <span class="small">{Math.round(ms)} ms</span>
        </li>
      ))}
    </ul>
  )
}

function Process({ process, isKnown }: { readonly process: HostProcess; readonly isKnown: boolean }) {
  const { restarts, startedInMs } = process
  return (
    <>
      <tr class="process" data-process={`${process.release} ${process.purpose}`} data-state={process.state}>
        <th scope="row">
          <span class="id">{process.release}</span>
          {process.purpose === 'serve' ? null : <p class="small">tried beside it, without requests</p>}
        </th>
        <td data-label="State">
          <State process={process} isKnown={isKnown} />
        </td>
        <td data-label="In flight">
          {!isKnown || process.inFlight === null ? <span class="small">not known</span> : count(process.inFlight)}
        </td>
        <td data-label="Checks">
          <Checks checks={process.checks} />
        </td>
        <td data-label="Starts">
          <p class="small">
            {startedInMs === null ? '' : `up in ${(startedInMs / 1_000).toFixed(1)} s, `}
            {restarts === 0 ? 'no restart' : restarts === 1 ? '1 restart' : `${count(restarts)} restarts`}
          </p>
        </td>
      </tr>
      {process.error === null ? null : (
        <tr class="said">
          <td colSpan={columns}>
            <p class="small">Its last words:</p>
            <pre>{process.error}</pre>
          </td>
        </tr>
      )}
    </>
  )
}

function Gateway({ gateway }: { readonly gateway: HostGateway }) {
  const { state, connections, inFlight, restarts } = gateway
  const figures = [
    inFlight === null ? '' : `${count(inFlight)} in flight`,
    connections === null ? '' : `${count(connections)} connected`,
    restarts === 0 ? '' : restarts === 1 ? '1 restart' : `${count(restarts)} restarts`,
  ].filter((part) => part !== '')
  return (
    <>
      <span class={state === 'ready' ? 'small' : `standing ${state}`}>
        {state === 'ready' ? '· ' : ''}gateway {state}
        {state === 'ready' && figures.length > 0 ? ' ·' : ''}
      </span>{' '}
      <span class="small">{figures.join(' · ')}</span>
    </>
  )
}

function Host({ host }: { readonly host: ReleaseHost }) {
  const isKnown = !host.silent && !isLost.value
  const age = host.ageMs + toldAgoMs.value
  const runs = host.processes.filter((process) => process.state !== 'stopped')
  const stopped = new Set(host.processes.filter((process) => process.state === 'stopped').map(({ release }) => release))
  return (
    <div class={isKnown ? 'host' : 'host silent'} data-host={host.host}>
      <p class="host-name">
        <span class="id">{host.host}</span>{' '}
        <span class={isKnown ? 'small' : 'standing silent'}>
          {isKnown ? `reported ${ago(age)}` : `silent for ${shortDuration(age)}`}
        </span>{' '}
        {isKnown && host.gateway !== null ? <Gateway gateway={host.gateway} /> : null}
      </p>
      {host.gateway?.error == null ? null : <pre>{host.gateway.error}</pre>}
      {runs.length === 0 ? (
        <p class="small">It runs nothing.</p>
      ) : (
        <table class="processes">
          <caption class="unseen">What runs on {host.host}</caption>
          <thead>
            <tr>
              <th scope="col">Release</th>
              <th scope="col">State</th>
              <th scope="col">In flight</th>
              <th scope="col">Checks</th>
              <th scope="col">Starts</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((process) => (
              <Process key={`${process.release} ${process.purpose}`} process={process} isKnown={isKnown} />
            ))}
          </tbody>
        </table>
      )}
      {stopped.size === 0 ? null : <p class="small">Ended here: {[...stopped].join(', ')}.</p>}
    </div>
  )
}

export function Hosts({ hosts }: { readonly hosts: readonly ReleaseHost[] }) {
  return (
    <div class="hosts">
      <h3>What runs where</h3>
      {hosts.length === 0 ? (
        <p class="quiet">No host reports. Run “npx sankofa host” on the machine where it shall run.</p>
      ) : (
        hosts.map((host) => <Host key={host.host} host={host} />)
      )}
    </div>
  )
}
