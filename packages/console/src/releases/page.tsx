import { useEffect } from 'preact/hooks'
import { Header } from '../header.tsx'
import { shown, shownVerdict } from '../judgement.ts'
import { Measuring } from '../measuring.tsx'
import { route } from '../route.ts'
import { VerdictName } from '../verdict.tsx'
import { shortDuration } from '../words.ts'
import { FirstRelease } from './first-release.tsx'
import { follow, isLost, releases, toldAgoMs } from './live.ts'
import { Service } from './service.tsx'
import { Ship } from './ship.tsx'
import { Ships } from './ships.tsx'
import { useFocus } from './use-focus.ts'
import './releases.css'

/** What the page may say: never better than what is known now. */
function headline(): { readonly sentence: string; readonly detail: string } {
  const known = releases.value
  if (known === undefined) return { sentence: 'Reading what runs where …', detail: '' }
  if (!isLost.value) return known
  const age = shortDuration(toldAgoMs.value)
  return {
    sentence: 'Not known now: this page has lost the console.',
    detail: `What you see is ${age} old. It was: “${known.sentence}” The page keeps trying.`,
  }
}

/** Everything is said twice: who has the whole house in view first, and what runs second. */
function House() {
  const { verdict, sentence } = shown.value
  return (
    <p class="house">
      <a class="name" href="#/">
        <VerdictName verdict={verdict} />
      </a>
      <span>{sentence}</span>
    </p>
  )
}

function AllReleases() {
  const known = releases.value
  const { sentence, detail } = headline()
  const title = useFocus('Releases')
  return (
    <>
      <div class="top" data-verdict={shownVerdict.value}>
        <Header />
        <section class="verdict released" aria-labelledby="releases-title">
          <div aria-live="polite" aria-atomic="true">
            <h1 id="releases-title" ref={title} tabIndex={-1}>
              {sentence}
            </h1>
            {detail === '' ? null : <p class="detail">{detail}</p>}
          </div>
          <House />
        </section>
      </div>
      <main id="releases">
        {known === undefined ? null : (
          <>
            {known.services.length === 0 && known.away === undefined ? <FirstRelease /> : null}
            {known.services.map((service) => (
              <Service key={service.service} service={service} />
            ))}
            <Ships ships={known.ships} />
          </>
        )}
      </main>
      <Measuring />
    </>
  )
}

export function ReleasesPage() {
  useEffect(follow, [])
  return route.value.page === 'ship' ? <Ship run={route.value.run} /> : <AllReleases />
}
