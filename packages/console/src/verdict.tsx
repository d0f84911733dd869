import type { Verdict as Name } from 'sankofa/console/contract'
import { shown } from './judgement.ts'

const names: Readonly<Record<Name, string>> = {
  well: 'Well',
  watching: 'Watching',
  hurting: 'Hurting',
  recovered: 'Recovered',
  unknown: 'Not known',
}

/** A shape for each verdict, so that it never rests on colour alone. */
const shapes: Readonly<Record<Name, string>> = {
  well: 'M3 8.5 6.5 12 13 4.5',
  watching: 'M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Zm6.5-1.5v3',
  hurting: 'M8 2.5v7M8 13v.2',
  recovered: 'M12.5 12.5V9a3.5 3.5 0 0 0-3.5-3.5H3.5M6.5 2.5l-3 3 3 3',
  unknown: 'M5.5 5.5a2.5 2.5 0 1 1 3.6 2.2C8.3 8.2 8 8.7 8 9.8M8 13v.2',
}

export function VerdictName({ verdict }: { readonly verdict: Name }) {
  return (
    <>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[verdict]} />
      </svg>
      {names[verdict]}
    </>
  )
}

export function Verdict() {
  const { verdict, sentence, detail } = shown.value
  return (
    <section class="verdict" aria-live="polite" aria-atomic="true">
      <p class="name">
        <VerdictName verdict={verdict} />
      </p>
      <h1>{sentence}</h1>
      {detail === '' ? null : <p class="detail">{detail}</p>}
    </section>
  )
}
