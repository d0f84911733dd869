import type { ChangeState } from '../../journal/index.ts'
import { duration, sentence } from '../words.ts'
import type { EngineVerdict } from './answer.ts'

/** What is known of a change at the moment that an engine asks. */
export type Sight = {
  readonly change: string
  /** As the journal says, or said last; `undefined` when it was never proposed, as far as is known. */
  readonly state: ChangeState | undefined
  /** For how long PostgreSQL has not answered; `undefined` when it does. */
  readonly awayMs: number | undefined
}

export const situations = [
  'failed, away',
  'away',
  'away too long',
  'unknown',
  'kept',
  'asked again',
  'taken back',
  'being taken back',
  'asked back',
  'held',
  'refused',
  'paused',
  'baking',
  'watched',
  'proved',
  'proposed',
] as const
export type Situation = (typeof situations)[number]

export type Rule = {
  readonly situation: Situation
  readonly verdict: EngineVerdict
  /** Of `GET /v1/verdict`. To Argo anything but 2xx is an error, and enough of them in a row end its rollout. */
  readonly status: 200 | 404 | 503
  holds(sight: Sight): boolean
  /** Empty: what is told of the change on the console says it all. */
  reason(sight: Sight): string
}

/**
 * For so long PostgreSQL may be away before the silence counts against a rollout: a managed server that fails over or is
 * updated is away for one to three minutes. After that an error is told, so that the engine's own limit of errors ends
 * the rollout: missing data is never good news, and must not keep customers on half a rollout for ever.
 */
export const patienceMs = 5 * 60_000

const isOut = (state: ChangeState | undefined): state is ChangeState =>
  state?.state === 'exposed' || state?.state === 'bake'
const isAway = (sight: Sight): boolean => sight.awayMs !== undefined
const away = (sight: Sight): string => `PostgreSQL has not answered for ${duration(sight.awayMs ?? 0)}`
const again = (state: ChangeState | undefined): boolean => state?.state === 'undone' && state.pending?.want === 'go'
const undoing = (state: ChangeState | undefined): boolean => state?.inFlight?.act === 'undo'
const askedBack = (state: ChangeState | undefined): boolean => isOut(state) && state.pending?.want === 'back'
const failed = (state: ChangeState | undefined): boolean =>
  (state?.state === 'undone' && !again(state)) || undoing(state) || askedBack(state)
const nothing = (): string => ''

/**
 * Every rule, one line each; the first that holds is the answer. `pass` is said only of what cannot be taken back any
 * more, `fail` only of what is or will be taken back; everything else is `wait`, whatever it looks like.
 */
export const rules: readonly Rule[] = [
  {
    // Harm that is known stays known: an outage must not keep a rollout of it alive.
    situation: 'failed, away',
    verdict: 'fail',
    status: 200,
    holds: (sight) => isAway(sight) && failed(sight.state),
    reason: (sight) => `${away(sight)}; when it last did, this change was taken back.`,
  },
  {
    // 200, because Argo counts anything else as an error and ends a rollout after five of them, 40 s.
    situation: 'away',
    verdict: 'wait',
    status: 200,
    holds: (sight) => isAway(sight) && (sight.awayMs ?? 0) <= patienceMs,
    reason: (sight) => `Not known: ${away(sight)}. Nothing goes on until it does.`,
  },
  {
    situation: 'away too long',
    verdict: 'wait',
    status: 503,
    holds: isAway,
    reason: (sight) => `Not known: ${away(sight)}, longer than the ${duration(patienceMs)} that are waited for.`,
  },
  {
    // 404 and not 200: an engine retries an error for a while, which is enough for a proposal that is still on its way,
    // and then gives up; with 200 a name that is misspelt would keep a rollout waiting for hours.
    situation: 'unknown',
    verdict: 'wait',
    status: 404,
    holds: ({ state }) => state === undefined,
    reason: ({ change }) =>
      `There is no change “${change}”. Propose it before the rollout begins, or mend the name in the manifest.`,
  },
  {
    // Begun counts: what has begun to settle cannot be taken back any more, and a restart finishes it.
    situation: 'kept',
    verdict: 'pass',
    status: 200,
    holds: ({ state }) => state?.state === 'settled' || state?.inFlight?.act === 'settle',
    reason: () => 'It went through every stage and its bake time without harm, and is kept for good.',
  },
  {
    situation: 'asked again',
    verdict: 'wait',
    status: 200,
    holds: ({ state }) => again(state),
    reason: () => 'It was taken back before, and somebody asked to let it go out again.',
  },
  {
    situation: 'taken back',
    verdict: 'fail',
    status: 200,
    holds: ({ state }) => state?.state === 'undone',
    reason: nothing,
  },
  {
    situation: 'being taken back',
    verdict: 'fail',
    status: 200,
    holds: ({ state }) => undoing(state),
    reason: ({ state }) =>
      `Being taken back: ${sentence(state?.inFlight?.act === 'undo' ? state.inFlight.reason : '')}`,
  },
  {
    // A person who takes a change back need not wait for the watcher: an engine that asks first may act first.
    situation: 'asked back',
    verdict: 'fail',
    status: 200,
    holds: ({ state }) => askedBack(state),
    reason: ({ state }) =>
      `${state?.pending?.actor ?? ''} takes it back: ${sentence(state?.pending?.reason ?? 'no reason given')}`,
  },
  {
    // Also what the evidence is against but only a person may take back: they are asked, and answer for the engine too.
    situation: 'held',
    verdict: 'wait',
    status: 200,
    holds: ({ state }) => isOut(state) && state.held !== undefined,
    reason: ({ state }) => `Held: ${sentence(state?.held?.reason ?? '')} ${sentence(state?.held?.ask ?? '')}`,
  },
  {
    situation: 'refused',
    verdict: 'wait',
    status: 200,
    holds: ({ state }) => state?.state === 'refused',
    reason: nothing,
  },
  {
    situation: 'paused',
    verdict: 'wait',
    status: 200,
    holds: ({ state }) => state?.paused !== undefined,
    reason: nothing,
  },
  // Not `pass` once the time is over: late reports may still undo it, and without a watcher time alone proves nothing.
  { situation: 'baking', verdict: 'wait', status: 200, holds: ({ state }) => state?.state === 'bake', reason: nothing },
  {
    situation: 'watched',
    verdict: 'wait',
    status: 200,
    holds: ({ state }) => state?.state === 'exposed',
    reason: () => 'Not enough data yet.',
  },
  {
    situation: 'proved',
    verdict: 'wait',
    status: 200,
    holds: ({ state }) => state?.state === 'proved',
    reason: ({ change }) => `It has not been let out: run “npx sankofa go ${change}”.`,
  },
  {
    situation: 'proposed',
    verdict: 'wait',
    status: 200,
    holds: () => true,
    reason: ({ change }) => `It has not been let out, and its undo is not proved: run “npx sankofa go ${change}”.`,
  },
]

export function ruleFor(sight: Sight): Rule {
  const rule = rules.find((one) => one.holds(sight))
  if (rule === undefined) throw new Error('no rule for a change, although the last one holds for all')
  return rule
}
