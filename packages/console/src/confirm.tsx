import { useSignal } from '@preact/signals'
import type { TargetedEvent } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { ChangeStatus, ForecastAnswer } from 'sankofa/console/contract'
import { Refused, readForecast, request } from './api.ts'
import { showSignIn } from './live.ts'
import { type Asking, answer, asking, openerId } from './state.ts'

const questions: Readonly<
  Record<Asking['act'], { readonly title: string; readonly yes: string; readonly why: string }>
> = {
  go: { title: 'Let it go out?', yes: 'Yes, let it go out', why: '' },
  hold: { title: 'Hold it where it is?', yes: 'Yes, hold it', why: 'Why (kept in the journal)' },
  back: { title: 'Take it back from everyone?', yes: 'Yes, take it back', why: 'Why (kept in the journal)' },
}

function explain(change: ChangeStatus, act: Asking['act']): string {
  switch (act) {
    case 'go':
      return change.held === null
        ? change.undoProved
          ? change.kind === 'tunable'
            ? 'Everyone gets it at once, and it is taken back by itself if more requests fail.'
            : 'It is shown to a few customers first, and taken back by itself if they are hurt.'
          : 'Its undo is proved first; if that fails, nothing goes out and you are told why.'
        : 'It goes on from the stage where it was held.'
    case 'hold':
      return 'Those who have it keep it, nobody else gets it, and it is still taken back by itself if it hurts.'
    case 'back':
      return change.undoProved
        ? `Everyone returns to what was there before. ${change.undoWords}`
        : 'Everyone returns to what was there before. Its undo was not proved beforehand, so look afterwards.'
    default:
      return act satisfies never
  }
}

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
  const { title, yes, why } = questions[act]
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
