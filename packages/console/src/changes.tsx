import { useSignal } from '@preact/signals'
import type { ChangeStatus } from 'sankofa/console/contract'
import { ChangeRow } from './change-row.tsx'
import { status } from './state.ts'

const isOver = (change: ChangeStatus): boolean =>
  change.state === 'settled' || change.state === 'undone' || change.state === 'refused'
const isOut = (change: ChangeStatus): boolean => change.state === 'exposed' || change.state === 'bake'

/** Changes with their stages, evidence and buttons. */
export function Table(props: { readonly changes: readonly ChangeStatus[]; readonly caption: string }) {
  return (
    <table>
      <caption>{props.caption}</caption>
      <thead>
        <tr>
          <th scope="col">Change</th>
          <th scope="col">Who has it</th>
          <th scope="col">Undo</th>
          <th scope="col">Evidence against it</th>
          <th scope="col">Next</th>
          <th scope="col">
            <span class="unseen">What you can do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.changes.map((change) => (
          <ChangeRow key={change.id} change={change} />
        ))}
      </tbody>
    </table>
  )
}

export function Changes() {
  const showsEarlier = useSignal(false)
  const changes = status.value?.changes ?? []
  const out = changes.filter(isOut)
  const ready = changes.filter((change) => !isOver(change) && !isOut(change))
  const over = changes.filter(isOver)
  return (
    <section id="changes" aria-labelledby="changes-title">
      <h2 id="changes-title">Changes</h2>
      {changes.length === 0 ? (
        <p class="quiet">
          No change has been proposed yet. A developer runs “npx sankofa propose”; it then waits here.
        </p>
      ) : null}
      {out.length === 0 ? null : <Table changes={out} caption="Going out now" />}
      {ready.length === 0 ? null : <Table changes={ready} caption="Ready or being made ready" />}
      {over.length === 0 ? null : (
        <>
          <button
            type="button"
            class="plain"
            aria-expanded={showsEarlier.value}
            onClick={() => {
              showsEarlier.value = !showsEarlier.value
            }}
          >
            {showsEarlier.value ? 'Hide' : 'Show'}{' '}
            {over.length === 1 ? 'the one change that is over' : `the ${over.length} changes that are over`}
          </button>
          {showsEarlier.value ? <Table changes={over} caption="Over: taken back, kept for good, or refused" /> : null}
        </>
      )}
    </section>
  )
}
