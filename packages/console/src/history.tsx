import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ChangeHistory } from 'sankofa/console/contract'
import { readHistory } from './api.ts'
import { nowMs, status } from './state.ts'
import { whenShort } from './words.ts'

const width = 600
const height = 60

/** The evidence from window to window, against the line at which the change is taken back. */
function EvidenceLine({ windows }: { readonly windows: ChangeHistory['windows'] }) {
  if (windows.length < 2) return null
  const top = Math.max(1.1, ...windows.map((window) => window.share))
  const y = (share: number): number => height - 2 - (Math.max(0, share) / top) * (height - 4)
  const step = width / (windows.length - 1)
  const path = windows.map(
    (window, index) => `${index === 0 ? 'M' : 'L'}${(index * step).toFixed(1)} ${y(window.share).toFixed(1)}`,
  )
  return (
    <figure>
      <svg class="evidence-line" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" x2={width} y1={y(1)} y2={y(1)} />
        <path d={path.join('')} />
      </svg>
      <figcaption>
        Evidence against it over {windows.length} windows of 10 s; at the dashed line it is taken back.
      </figcaption>
    </figure>
  )
}

export function History({ change }: { readonly change: string }) {
  const history = useSignal<ChangeHistory | undefined>(undefined)
  const problem = useSignal('')
  const at = status.value?.changes.find((one) => one.id === change)?.lastAt
  // Read again when the change has moved, and so when `at` differs.
  useEffect(() => {
    readHistory(change)
      .then((found) => {
        history.value = found
      })
      .catch((error: unknown) => {
        problem.value = error instanceof Error ? error.message : String(error)
      })
  }, [change, at])
  const found = history.value
  if (found === undefined) return <p class="small">{problem.value === '' ? 'Reading its journal …' : problem.value}</p>
  return (
    <div class="history">
      <EvidenceLine windows={found.windows} />
      <ol>
        {found.records.map((record) => (
          <li key={record.id}>
            <time>{whenShort(record.at, nowMs.value)}</time>
            <span>
              <b>{record.actor}</b> {record.words}
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}
