import type { ArmCount } from 'sankofa/console/contract'
import { nowMs, status } from './state.ts'
import { count, percent, whenShort } from './words.ts'

function Arm(props: {
  readonly label: string
  readonly arm: ArmCount
  readonly failure: string
  readonly largest: number
  readonly hurt: boolean
}) {
  const share = props.arm.subjects === 0 ? 0 : props.arm.failures / props.arm.subjects
  return (
    <div class={props.hurt ? 'arm hurt' : 'arm'}>
      <p>{props.label}</p>
      <div class="track" aria-hidden="true">
        <div class="fill" style={{ width: `${props.largest === 0 ? 0 : (share / props.largest) * 100}%` }} />
      </div>
      <p class="figures">
        <b>{count(props.arm.failures)}</b> of {count(props.arm.subjects)} {props.failure} ({percent(share)})
      </p>
    </div>
  )
}

/** The change that the evidence names: what it did to whom, and what was done about it. */
export function Culprit() {
  const story = status.value?.story ?? null
  if (story === null) return null
  const evidence = story.evidence
  const shareOf = (arm: ArmCount): number => (arm.subjects === 0 ? 0 : arm.failures / arm.subjects)
  const largest = evidence === null ? 0 : Math.max(shareOf(evidence.exposed), shareOf(evidence.control))
  return (
    <section class="culprit" aria-labelledby="culprit-title">
      <div class="told">
        <h2 id="culprit-title">
          The evidence names <span class="id">{story.change}</span>
        </h2>
        <p class="who">
          {story.title} · by {story.author} · went out {whenShort(story.startedAt, nowMs.value)}
        </p>
        <dl>
          <dt>What happened</dt>
          <dd>
            {story.happened} {story.cost}
          </dd>
          <dt>What was done</dt>
          <dd>{story.done}</dd>
          <dt>How sure</dt>
          <dd>{story.certainty}</dd>
        </dl>
      </div>
      {evidence === null ? null : (
        <div class="arms">
          <Arm
            label={evidence.labels.exposed}
            arm={evidence.exposed}
            failure={evidence.failure}
            largest={largest}
            hurt
          />
          <Arm
            label={evidence.labels.control}
            arm={evidence.control}
            failure={evidence.failure}
            largest={largest}
            hurt={false}
          />
        </div>
      )}
    </section>
  )
}
