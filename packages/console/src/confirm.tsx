import { useSignal } from '@preact/signals'
import type { TargetedEvent } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { ChangeStatus, ForecastAnswer } from 'sankofa/console/contract'
import { Refused, readForecast, request } from './api.ts'
import { explain, questionOf } from './confirm-words.ts'
import { showSignIn } from './live.ts'
import { type Asking, answer, asking, openerId } from './state.ts'

function useForecast(change: ChangeStatus, act: Asking['act']) {
  const forecast = useSignal<ForecastAnswer | undefined>(undefined)
  const wanted = act === 'go' && change.held === null
  useEffect(() => {
    if (!wanted) return
    readForecast(change.id)
      .then((found) => {
        forecast.value = found
      })
      .catch((error: unknown) => {
        forecast.value = { sentence: error instanceof Error ? error.message : String(error), cannotSee: [] }
      })
  }, [change.id, wanted, forecast])
  return { wanted, forecast: forecast.value }
}

/** Asks once more, in the row itself: what will happen, why, yes or no. Escape closes it. */
export function Confirm(props: { readonly change: ChangeStatus; readonly act: Asking['act'] }) {
  const { change, act } = props
  const { title, yes, why } = questionOf(change, act)
  const busy = useSignal(false)
  const first = useRef<HTMLButtonElement>(null)
  const { wanted, forecast } = useForecast(change, act)

  useEffect(() => first.current?.focus(), [act, change.id])

  const close = (): void => {
    asking.value = undefined
    document.getElementById(openerId(change.id, act))?.focus()
  }
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    busy.value = true
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim()
    try {
      answer(change.id, true, (await request(change.id, act, reason)).message)
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return showSignIn()
      answer(change.id, false, error instanceof Error ? error.message : String(error))
    }
    close()
  }

  return (
    <form
      class="confirm"
      aria-label={`${title} ${change.id}`}
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <p class="question">{title}</p>
      <p>{explain(change, act)}</p>
      {wanted ? <p>{forecast === undefined ? 'Working out how long it will take …' : forecast.sentence}</p> : null}
      {forecast === undefined || forecast.cannotSee.length === 0 ? null : (
        <ul>
          {forecast.cannotSee.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {why === '' ? null : (
        <label>
          {why}
          <input name="reason" maxLength={500} autocomplete="off" />
        </label>
      )}
      <div class="actions">
        <button type="submit" ref={first} class={act === 'back' ? 'danger filled' : 'primary'} disabled={busy.value}>
          {yes}
        </button>
        <button type="button" onClick={close}>
          No, leave it
        </button>
      </div>
    </form>
  )
}
