import { ageMs } from './judgement.ts'
import { status } from './state.ts'
import { ago, count, shortDuration } from './words.ts'

/** How old the data are, and what is missing from them. */
export function Measuring() {
  const measuring = status.value?.measuring
  if (measuring === undefined) return null
  const age = ageMs.value
  const processes = measuring.processes
  return (
    <footer>
      <p>
        {age === null ? 'Nothing has been measured yet.' : `Newest measurement ${ago(age)}.`}{' '}
        {measuring.dropped === 0
          ? 'Nothing was dropped in the last hour.'
          : `${count(measuring.dropped)} measurements were dropped in the last hour, so the figures are a little low.`}
      </p>
      <p>
        {processes.length === 0
          ? 'No process reports.'
          : `Reporting: ${processes.map((one) => `${one.service} (${one.processId}, ${shortDuration(one.ageMs)} ago)`).join(', ')}.`}{' '}
        {measuring.watching
          ? 'A watcher leads.'
          : 'No watcher leads: nothing goes on and nothing is taken back by itself. Run “npx sankofa watch”.'}
      </p>
    </footer>
  )
}
