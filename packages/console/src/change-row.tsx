import type { ChangeStatus } from 'sankofa/console/contract'
import { Confirm } from './confirm.tsx'
import { History } from './history.tsx'
import { type Asking, answers, asking, nowMs, openerId, openHistory } from './state.ts'
import { whenShort } from './words.ts'

const columns = 6

function Exposure({ change }: { readonly change: ChangeStatus }) {
  const last = change.stages.length
  return (
    <>
      <p class="strong">{change.reach}</p>
      {last < 2 || change.stage === 0 ? null : (
        <>
          <div class="pips" aria-hidden="true">
            {change.stages.map((stage, index) => (
              <i key={stage.share} class={index < change.stage ? 'done' : ''} />
            ))}
          </div>
          <p class="small">
            stage {change.stage} of {last}
          </p>
        </>
      )}
    </>
  )
}

function EvidenceBar({ change }: { readonly change: ChangeStatus }) {
  const { evidence } = change
  if (evidence === null) return <p class="small">none gathered yet</p>
  const share = Math.max(0, Math.min(1, evidence.share))
  return (
    <>
      <meter
        class="unseen"
        aria-label={`Evidence against ${change.id}`}
        aria-valuetext={evidence.words}
        value={share}
      />
      <div class={share >= 1 ? 'bar full' : share > 0.5 ? 'bar high' : 'bar'} aria-hidden="true">
        <div style={{ width: `${share * 100}%` }} />
      </div>
      <p class="small">{evidence.words}</p>
    </>
  )
}

function Actions({ change }: { readonly change: ChangeStatus }) {
  const open = asking.value?.change === change.id ? asking.value.act : undefined
  const button = (act: Asking['act'], label: string, allowed: boolean) =>
    allowed ? (
      <button
        type="button"
        id={openerId(change.id, act)}
        class={act === 'back' ? 'danger' : ''}
        aria-expanded={open === act}
        aria-label={`${label}: ${change.id}`}
        onClick={() => {
          asking.value = open === act ? undefined : { change: change.id, act }
        }}
      >
        {label}
      </button>
    ) : null
  return (
    <div class="actions">
      {button('go', change.held === null ? 'Go' : 'Go on', change.can.go)}
      {button('hold', 'Hold', change.can.hold)}
      {button('back', 'Back', change.can.back)}
    </div>
  )
}

export function ChangeRow({ change }: { readonly change: ChangeStatus }) {
  const asked = asking.value?.change === change.id ? asking.value.act : undefined
  const told = answers.value.get(change.id)
  const showsHistory = openHistory.value === change.id
  return (
    <>
      <tr class="change" data-change={change.id} data-state={change.state}>
        <th scope="row">
          <span class="id">{change.id}</span>
          <p class="title">{change.title}</p>
          <p class="small">
            {change.kind} by {change.author}, last moved by {change.lastActor} {whenShort(change.lastAt, nowMs.value)}
          </p>
          <button
            type="button"
            class="plain"
            aria-expanded={showsHistory}
            aria-label={`History of ${change.id}`}
            onClick={() => {
              openHistory.value = showsHistory ? undefined : change.id
            }}
          >
            {showsHistory ? 'Hide history' : 'History'}
          </button>
        </th>
        <td data-label="Who has it">
          <Exposure change={change} />
        </td>
        <td data-label="Undo">
          <p class={change.undoProved ? 'proved' : 'unproved'}>
            {change.undoProved ? 'Proved' : change.state === 'proposed' ? 'Not proved yet' : 'Not proved'}
          </p>
          <p class="small">{change.undoWords}</p>
        </td>
        <td data-label="Evidence against it">
          <EvidenceBar change={change} />
        </td>
        <td data-label="Next">
          <p>{change.now}</p>
          <p class="small">{change.wait}</p>
          {change.held === null ? null : (
            <p class="held">
              {change.held.reason} {change.held.ask}
            </p>
          )}
        </td>
        <td class="do">
          <Actions change={change} />
        </td>
      </tr>
      <tr class="below">
        <td colSpan={columns}>
          {asked === undefined ? null : <Confirm change={change} act={asked} />}
          <p class={told?.ok === false ? 'told problem' : 'told'} role="status">
            {told?.words}
          </p>
          {showsHistory ? <History change={change.id} /> : null}
        </td>
      </tr>
    </>
  )
}
