import type pg from 'pg'
import type { Clock } from '../../core/index.ts'
import { shipLease } from '../../db/index.ts'
import type { ChangeState } from '../../journal/index.ts'
import type { ReleasePlan } from '../../release/index.ts'
import type { JournalView } from '../journal-view.ts'
import type { CurrentRelease, ReleasesStatus, ServiceReleases } from './contract.ts'
import { readReleaseHosts } from './read-hosts.ts'
import { mostMade, readMade, summaryOf } from './read-made.ts'
import { healthOf } from './release-health.ts'
import { summarize } from './summary-words.ts'

const mostShips = 20

type Split = {
  readonly service: string
  readonly current_release: string | null
  readonly next_release: string | null
  readonly change_id: string | null
  readonly stage: number
  readonly share: number
  readonly updated_at: Date
  /** Somebody ships it now. */
  readonly ships: boolean
}

/** A change of kind `release`, with what it brings. */
type Outgoing = { readonly state: ChangeState; readonly plan: Pick<ReleasePlan, 'service' | 'release' | 'before'> }

export type ReleasesReader = { read(): Promise<ReleasesStatus> }

/** What runs where and what goes out, from the rows that hosts and deployers write and from the journal. */
export function createReleasesReader(pool: pg.Pool, view: JournalView, clock: Clock): ReleasesReader {
  return {
    async read() {
      const nowMs = clock.now()
      const [splits, hosts, made] = await Promise.all([
        pool.query<Split>(
          `select known.service, split.current_release, split.next_release, split.change_id, split.stage, split.share,
                  split.updated_at,
                  exists (select from sankofa.lease as lease
                           where lease.name = $1 || known.service and lease.expires_at > clock_timestamp()) as ships
             from (select split.service from sankofa.release_split as split
                    union select release.service from sankofa.release as release
                    union select here.service from sankofa.release_host as here) as known
             left join sankofa.release_split as split on split.service = known.service
            order by known.service`,
          [shipLease('')],
        ),
        readReleaseHosts(pool),
        readMade(pool),
        view.refresh(),
      ])
      const outgoing = view.states().flatMap(outgoingOf)
      const services = splits.rows.map((split): ServiceReleases => {
        const { service } = split
        const here = hosts.get(service) ?? []
        const known = made.get(service) ?? []
        const mine = outgoing.filter(({ plan }) => plan.service === service)
        const find = (release: string) => known.find((one) => one.release === release) ?? summaryOf(release)
        const { current_release: current, next_release: next } = split
        const state = mine.find((one) => one.state.change === split.change_id)?.state
        return {
          service,
          current:
            current === null
              ? null
              : { ...find(current), since: sinceOf(split, mine), health: healthOf(here, current) },
          next:
            next === null
              ? null
              : {
                  ...find(next),
                  change: split.change_id,
                  share: split.share,
                  stage: split.stage,
                  stages: state?.go?.stages.length ?? 0,
                  health: healthOf(here, next),
                },
          waiting: mine.filter(({ state }) => isWaiting(state)).map(({ state }) => state.change),
          hosts: here,
          made: known
            .filter(({ release }) => release !== current && release !== next)
            .slice(0, mostMade)
            .map((one) => ({ ...one, became: becameOf(one.release, mine) })),
        }
      })
      const shipping = new Set(splits.rows.filter(({ ships }) => ships).map(({ service }) => service))
      const states = new Map(view.states().map((state) => [String(state.change), state]))
      return {
        ...summarize(services),
        services,
        ships: view.ships(states, shipping, nowMs).slice(0, mostShips),
        at: new Date(nowMs).toISOString(),
      }
    },
  }
}

function outgoingOf(state: ChangeState): readonly Outgoing[] {
  const plan = state.plan as Partial<ReleasePlan> | null
  const { service, release, before } = plan ?? {}
  const isWhole = service !== undefined && release !== undefined && before !== undefined
  return state.kind === 'release' && isWhole ? [{ state, plan: { service, release, before } }] : []
}

const isWaiting = ({ state }: ChangeState): boolean => state === 'proposed' || state === 'proved' || state === 'refused'

function sinceOf(
  { change_id, current_release, updated_at }: Split,
  outgoing: readonly Outgoing[],
): CurrentRelease['since'] {
  // Only placing it without a rollout leaves no change in the row.
  if (change_id === null) return { at: updated_at.toISOString(), exact: true }
  const kept = outgoing.find(({ state, plan }) => state.state === 'settled' && plan.release === current_release)
  if (kept !== undefined) return { at: kept.state.since.toISOString(), exact: true }
  const starts = outgoing.flatMap(({ state, plan }) =>
    plan.before === current_release && state.go !== undefined ? [state.go.startedAt.getTime()] : [],
  )
  return starts.length === 0 ? null : { at: new Date(Math.min(...starts)).toISOString(), exact: false }
}

function becameOf(release: string, outgoing: readonly Outgoing[]): string {
  const state = outgoing.find(({ plan }) => plan.release === release)?.state.state
  switch (state) {
    case undefined:
      return outgoing.some((one) => one.plan.before === release && one.state.state === 'settled') ? 'Ran before' : ''
    case 'proposed':
      return 'Not proved yet'
    case 'proved':
      return 'Waits to go out'
    case 'refused':
      return 'Refused'
    case 'exposed':
    case 'bake':
      return 'Going out'
    case 'settled':
      return 'Was kept'
    case 'undone':
      return 'Taken back'
    default:
      return state satisfies never
  }
}
