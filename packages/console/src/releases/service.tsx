import type { CurrentRelease, NextRelease, ServiceReleases } from 'sankofa/console/contract'
import { Table } from '../changes.tsx'
import { nowMs, status } from '../state.ts'
import { percent, whenShort } from '../words.ts'
import { Health, News, Origin, sizeWords } from './facts.tsx'
import { Hosts } from './hosts.tsx'
import { Made } from './made.tsx'

/** Who gets which release, as wide as their share. */
function Split({ current, next }: { readonly current: CurrentRelease; readonly next: NextRelease }) {
  return (
    <div
      class="split"
      role="img"
      aria-label={`${percent(next.share)} get ${next.release}, the rest ${current.release}`}
    >
      <div class="new" style={{ width: `${next.share * 100}%` }} />
    </div>
  )
}

function Current({ current, beside }: { readonly current: CurrentRelease; readonly beside: NextRelease | null }) {
  const { since } = current
  const share = beside === null ? null : percent(1 - beside.share)
  return (
    <div class="release" data-release={current.release}>
      <h3>{share === null ? 'Everybody gets' : 'The others get'}</h3>
      <p class="which">
        <span class="id">{current.release}</span> {share === null ? null : <span class="share">{share}</span>}
      </p>
      {current.title === null ? null : <p class="title">{current.title}</p>}
      <Origin release={current} />
      {since === null ? null : (
        <p class="small">
          in place since {since.exact ? '' : 'before '}
          {whenShort(since.at, nowMs.value)}
        </p>
      )}
      <Health health={current.health} />
    </div>
  )
}

function Next({ next }: { readonly next: NextRelease }) {
  const size = sizeWords(next.size)
  return (
    <div class="release next" data-release={next.release}>
      <h3>Goes out</h3>
      <p class="which">
        <span class="id">{next.release}</span> <span class="share">{percent(next.share)}</span>
      </p>
      {next.title === null ? null : <p class="title">{next.title}</p>}
      <Origin release={next} />
      <p class="small">
        {next.stages === 0 ? `stage ${next.stage}` : `stage ${next.stage} of ${next.stages}`}
        {size === '' ? '' : ` · ${size}`}
      </p>
      <Health health={next.health} />
    </div>
  )
}

function WhatIsNew({ of, title }: { readonly of: CurrentRelease | NextRelease; readonly title: string }) {
  if (of.news === null) return null
  return (
    <div class="what-is-new">
      <h3>{title}</h3>
      <News news={of.news} />
    </div>
  )
}

export function Service({ service }: { readonly service: ServiceReleases }) {
  const { current, next } = service
  const changes = status.value?.changes ?? []
  const out = changes.filter((change) => change.id === next?.change)
  const waiting = changes.filter((change) => service.waiting.includes(change.id))
  return (
    <section class="service-releases" data-service={service.service} aria-label={`Releases of ${service.service}`}>
      <h2>{service.service}</h2>
      {current === null ? (
        <p class="quiet">Nobody gets a release of it yet: start a host with “npx sankofa host”.</p>
      ) : (
        <>
          {next === null ? null : <Split current={current} next={next} />}
          <div class={next === null ? 'releases' : 'releases two'}>
            {next === null ? null : <Next next={next} />}
            <Current current={current} beside={next} />
          </div>
        </>
      )}
      {out.length === 0 ? null : <Table changes={out} caption="Its stages and the evidence" />}
      {waiting.length === 0 ? null : <Table changes={waiting} caption="Made, and not out" />}
      {next === null ? null : (
        <WhatIsNew of={next} title={`What is new in ${next.release}: where to look if it hurts`} />
      )}
      {current === null || next !== null ? null : (
        <WhatIsNew of={current} title={`What was new in ${current.release}`} />
      )}
      <Hosts hosts={service.hosts} />
      <Made made={service.made} />
    </section>
  )
}
